"""Queries the files of a repository on a hub at a revision. ``earshot.net.download`` fetches them,
resuming interrupted downloads."""

from collections.abc import Mapping
from dataclasses import dataclass

from huggingface_hub import HfApi, ModelInfo, get_token, hf_hub_url
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from earshot.analysis.errors import EarshotError, Forbidden, Misconfigured, Unavailable
from earshot.models.checkpoints.addresses import COMMIT
from earshot.models.checkpoints.catalog import Checkpoint
from earshot.net.client import FAILED

CLIENT = "earshot"
ANSWER_SEC = 30.0


@dataclass(frozen=True)
class HubFile:
    """One file at that revision. The hub knows the sha256 only of large files."""

    path: str
    url: str
    bytes: int | None
    sha256: str


@dataclass(frozen=True)
class Found:
    """A repository at one commit."""

    revision: str
    files: tuple[HubFile, ...]
    headers: Mapping[str, str]


def ask(entry: Checkpoint, name: str, revision: str, endpoint: str) -> Found:
    """The contents of repository ``name`` at ``revision``; empty: the newest. The token is that of
    ``HF_TOKEN`` or ``hf auth login``.

    Raises:
        Misconfigured: no such repository or revision, or ``HF_HUB_OFFLINE`` is set.
        Forbidden: it is gated or private, and the token does not grant access.
        Unavailable: no answer.
    """
    try:
        api = HfApi(endpoint=endpoint.rstrip("/") or None, library_name=CLIENT)
        info = api.model_info(
            name, revision=revision or None, files_metadata=True, timeout=ANSWER_SEC
        )
    except (
        HfHubHTTPError,
        HFValidationError,
        OfflineModeIsEnabled,
        *FAILED,
        LookupError,
        TypeError,
        ValueError,
    ) as error:
        raise explained(entry, name, revision, error) from error
    if not COMMIT.fullmatch(info.sha or ""):
        raise Misconfigured(
            "hub",
            f"{entry.name}: {api.endpoint} does not say which commit of {name} it has; it is"
            " no hub",
        )
    return _found(info, name, api.endpoint)


def explained(entry: Checkpoint, name: str, revision: str, error: Exception) -> EarshotError:
    """A hub's refusal as one line with a remedy."""
    status = error.response.status_code if isinstance(error, HfHubHTTPError) else 0
    if isinstance(error, GatedRepoError) or (entry.gated and status in (401, 403)):
        return Forbidden("gated", gated(entry, name))
    if status in (401, 403) and get_token():
        return Forbidden(
            "token",
            f"{entry.name}: its hub does not show {name} to the account of HF_TOKEN; use one that"
            " may see it",
        )
    mistakes = {
        RevisionNotFoundError: f"{name} has no revision {revision}; correct the uri of its entry",
        RepositoryNotFoundError: (
            f"its hub has no repository {name}, or shows it only to some: then set HF_TOKEN"
        ),
        OfflineModeIsEnabled: (
            "it must be fetched, and HF_HUB_OFFLINE forbids that; unset it for the pull"
        ),
        HFValidationError: f"{name} is no name of a repository; correct the uri of its entry",
    }
    for kind, detail in mistakes.items():
        if isinstance(error, kind):
            return Misconfigured("hub", f"{entry.name}: {detail}")
    detail = " ".join(str(error).split())[:200] or type(error).__name__
    return Unavailable(
        "source_unavailable", f"{entry.name}: its hub does not answer ({detail}); try again later"
    )


def gated(entry: Checkpoint, name: str) -> str:
    """The remedy for a gated repository."""
    wrong = (
        "the account of that token has not"
        if get_token()
        else "no HF_TOKEN is set: make one with an account that has"
    )
    return (
        f"{entry.name} is gated, and {wrong} accepted its conditions; accept them on the page of"
        f" {name} on its hub"
    )


def _found(info: ModelInfo, name: str, endpoint: str) -> Found:
    revision = info.sha or ""
    files = tuple(
        HubFile(
            path=each.rfilename,
            url=hf_hub_url(name, each.rfilename, revision=revision, endpoint=endpoint),
            bytes=each.size,
            sha256=each.lfs.sha256 if each.lfs else "",
        )
        for each in info.siblings or ()
    )
    token = get_token()
    return Found(revision, files, {"Authorization": f"Bearer {token}"} if token else {})
