"""The result of a training, as ``trained.json`` in its folder: what a release is made of."""

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from earshot.analysis.errors import Misconfigured
from training.trainers.whole_files import replace_text

FILE = "trained.json"

Model = Literal["emotion", "noise", "scene", "sentiment", "voices"]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Base(BaseModel):
    """A checkpoint that a training started from."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    sha256: Digest
    part: Literal["whole", "trunk"] = "whole"
    """``trunk``: only the network below its head, which is that of the embedded checkpoints and was
    taught without labels, on none of the recordings of any holdout."""


class Trained(BaseModel):
    """A checkpoint and everything that is known of its training. Written last: where it is, all
    that it names is there."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: Model
    analysis: str
    runtime: str
    """As in ``earshot.models.runtimes``."""
    checkpoint: str
    """File beside this one, which a worker opens as the uri of a release."""
    sha256: Digest
    labels: tuple[str, ...]
    features: dict[str, Any]
    """Settings of the features."""
    data_sha256: Digest
    """Of the recordings' contents, labels, speakers and sides: the same data elsewhere has the
    same."""
    holdout: str
    """File beside this one: a manifest that ``earshot evaluate`` reads, of the recordings that were
    used neither for fitting nor for a choice. Their paths are absolute."""
    holdout_sha256: Digest
    """Of that file."""
    metrics: dict[str, float]
    """On the validation part."""
    licence: str
    """SPDX, the catalog's words, or ``unknown``: the strictest of data and base."""
    base: Base | None = None
    seconds: float
    seed: int
    options: dict[str, Any]


def content_sha256(labelled: Iterable[tuple[str, str]]) -> str:
    """The digest of recordings.

    Args:
        labelled: sha256 of the content, and label, of each; in any order.
    """
    lines = "\n".join(sorted(f"{digest} {label}" for digest, label in labelled))
    return hashlib.sha256(lines.encode()).hexdigest()


def write(trained: Trained, folder: Path) -> None:
    """Writes ``trained.json`` by rename.

    Raises:
        Unavailable: ``disk_full``.
    """
    replace_text(folder / FILE, trained.model_dump_json(indent=1) + "\n")


def read(folder: Path) -> Trained:
    """The result in a folder.

    Raises:
        Misconfigured: ``trained``, there is none, or it is not valid.
    """
    path = folder / FILE
    try:
        return Trained.model_validate_json(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise Misconfigured(
            "trained", f"{path}: {error.strerror}; its training has not finished"
        ) from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise Misconfigured("trained", f"{path}: {where}: {first['msg']}") from error
