"""Which checkpoint answers for each analysis: the catalog's, or what the command line names."""

import hashlib
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

import fsspec

from earshot.analysis.errors import EarshotError, Misconfigured, one_line
from earshot.analysis.types import Release
from earshot.audio.store.layout import local_path
from earshot.compute import cache
from earshot.compute.device import resolve
from earshot.models.checkpoints import catalog
from earshot.models.checkpoints.defaults import default_release
from earshot.models.checkpoints.location import sha256
from earshot.registry import analyses
from earshot.settings import settings
from workers.modules import module


def chosen(names: Sequence[str], checkpoints: Sequence[str], folder: Path) -> dict[str, Release]:
    """A release for each of the names.

    Args:
        checkpoints: names out of the catalog, or ``[ANALYSIS=]URI`` of ONNX files.
        folder: where remote ones are put.

    Raises:
        Misconfigured: no such checkpoint, two for one analysis, or one for an analysis that is not
            asked for.
    """
    found: dict[str, Release] = {}
    for text in checkpoints:
        release = _named(text, names, folder)
        if release.analysis not in names:
            raise Misconfigured(
                "checkpoint",
                f"{text} is for {release.analysis}, which is not measured; add --analysis",
            )
        if release.analysis in found:
            raise Misconfigured(
                "checkpoint", f"two checkpoints for {release.analysis}; measure one after the other"
            )
        found[release.analysis] = release
    return {name: found.get(name) or default_release(name) for name in names}


def trained_on(release: Release) -> tuple[str, ...] | None:
    """Sets of ``labels.jsonl`` that a release of the catalog was trained on; None for a strange
    one."""
    for entry in _known():
        own = entry.release()
        # The digest of a checkpoint that is pulled is known only where it was pulled.
        if own.model_copy(update={"sha256": own.sha256 or release.sha256}) == release:
            return entry.trained_on
    return None


def trained_on_file(sha256: str) -> tuple[str, ...] | None:
    """The same by the digest of a checkpoint."""
    return next((entry.trained_on for entry in _known() if entry.sha256 == sha256), None)


def load_all(releases: Mapping[str, Release], device: str) -> None:
    """Loads every checkpoint now, as the runner would with the first recording.

    Raises:
        Misconfigured: one cannot be loaded.
    """
    for name, release in releases.items():
        on_gpu = analyses()[name].pool == "gpu"
        try:
            cache.get(module(name).load, release, resolve(device) if on_gpu else "cpu")
        except EarshotError:
            raise
        except Exception as error:
            reason = one_line(error)
            raise Misconfigured(
                "checkpoint", f"{release.uri} is no checkpoint for {name}: {reason}"
            ) from error


def _known() -> tuple[catalog.Checkpoint, ...]:
    return catalog.known(settings().models_catalog)


def _named(text: str, names: Sequence[str], folder: Path) -> Release:
    for entry in _known():
        if entry.name == text:
            return entry.release()
    analysis, equals, uri = text.partition("=")
    if not equals or analysis not in analyses():
        analysis, uri = names[0] if len(names) == 1 else "", text
    if not analysis:
        raise Misconfigured(
            "checkpoint", f"which analysis is {uri} for? write --checkpoint ANALYSIS={uri}"
        )
    path = _fetched(uri, folder)
    digest = sha256(path)
    # A copy of a file that the catalog knows is run as the catalog says.
    runtime = next((entry.runtime for entry in catalog.load() if entry.sha256 == digest), "onnx")
    return Release(
        analysis=analysis,
        name=f"{path.stem}-{digest[:8]}",
        runtime=runtime,
        uri=str(path),
        sha256=digest,
    )


def _fetched(uri: str, folder: Path) -> Path:
    path = local_path(uri)
    if path is None:
        name = PurePosixPath(urlsplit(uri).path).name or "checkpoint.onnx"
        path = folder / hashlib.sha256(uri.encode()).hexdigest()[:8] / name
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with fsspec.open(uri, "rb") as remote, path.open("wb") as copy:
                shutil.copyfileobj(remote, copy)
        except (
            ImportError,
            ValueError,
            OSError,
        ) as error:  # no such protocol, its package is missing, nothing is there
            reason = one_line(error)
            raise Misconfigured(
                "checkpoint",
                f"{uri} cannot be fetched ({reason}); fetch it yourself and name the file",
            ) from error
    if not path.is_file():
        known: Iterable[str] = (entry.name for entry in _known())
        raise Misconfigured(
            "checkpoint", f"{uri} is neither a file nor a release; releases are {', '.join(known)}"
        )
    return path.resolve()
