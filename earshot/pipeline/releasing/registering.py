"""Registers what a trainer wrote: the checkpoint is copied beside the pulled models, its row is a
candidate."""

import os
import shutil
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from earshot.analysis.errors import Misconfigured, one_line
from earshot.analysis.types import Release
from earshot.models.checkpoints.addresses import Sha256
from earshot.models.checkpoints.location import sha256
from earshot.models.runtimes import RUNTIMES

TRAINED = "trained.json"
"""Written last by a trainer, so a folder without it is not finished."""
DATA = "data.jsonl"
"""Which recordings a training has used, if the trainer wrote it."""
KEPT = "releases"
"""Folder of registered checkpoints, below that of the pulled models."""

FileName = Annotated[str, Field(pattern=r"^[^/\\\x00]+$")]


class Trained(BaseModel):
    """What is read of ``trained.json``; trainers write more."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    analysis: str
    runtime: str
    checkpoint: FileName
    sha256: Sha256
    labels: tuple[str, ...] = ()
    features: dict[str, Any] = Field(default_factory=dict)
    metrics: dict[str, float | None] = Field(default_factory=dict)
    data_sha256: Sha256 | None = None
    holdout: FileName | None = None
    holdout_sha256: Sha256 | None = None
    licence: str = "unknown"
    base: dict[str, Any] | None = None
    options: dict[str, Any] = Field(default_factory=dict)


def read(folder: Path) -> Trained:
    """What a trainer says of the folder that it wrote; the files are compared with it.

    Raises:
        Misconfigured: ``trained``, the training is not finished or the folder is not of a trainer,
            a file is missing or altered, or there is no such runtime.
    """
    path = folder / TRAINED
    try:
        found = Trained.model_validate_json(path.read_bytes())
    except OSError as error:
        raise Misconfigured(
            "trained",
            f"{path}: {error.strerror}; a finished `earshot train` writes it",
        ) from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise Misconfigured("trained", f"{path}: {where}: {first['msg']}") from error
    if (found.analysis, found.runtime) not in RUNTIMES:
        raise Misconfigured("trained", f"{path}: {found.analysis} has no runtime {found.runtime!r}")
    check_file(folder / found.checkpoint, found.sha256)
    if found.holdout is not None and found.holdout_sha256 is not None:
        check_file(folder / found.holdout, found.holdout_sha256)
    return found


def check_file(path: Path, digest: str) -> None:
    """Raises:
    Misconfigured: ``altered``, the file is missing or has another digest.
    """
    try:
        now = sha256(path)
    except OSError as error:
        raise Misconfigured("altered", f"{path}: {one_line(error)}") from error
    if now != digest:
        raise Misconfigured("altered", f"{path} has sha256 {now}, not {digest}: it was changed")


def default_name(trained: Trained) -> str:
    """The analysis and the beginning of the digest."""
    return f"{trained.analysis}-{trained.sha256[:8]}"


def keep(folder: Path, trained: Trained, name: str, models: Path) -> Release:
    """Copies a training's result to where workers open it, whole or not at all.

    Args:
        models: folder of pulled models; the same on every machine.

    Raises:
        OSError: the disk is full, or the folder cannot be written.
        Misconfigured: the name is not a file name.
    """
    if PurePosixPath(name).name != name or name.startswith("."):
        raise Misconfigured("release", f"{name!r} is not a file name; choose another --name")
    place = models / KEPT / name
    partial = place.with_name(f".{name}.{os.getpid()}")
    if not (place / TRAINED).is_file():
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        try:
            for each in filter(None, (trained.checkpoint, trained.holdout, DATA, TRAINED)):
                if each != DATA or (folder / each).is_file():
                    shutil.copyfile(folder / each, partial / each)
            partial.rename(place)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    return Release(
        analysis=trained.analysis,
        name=name,
        runtime=trained.runtime,
        uri=str(place / trained.checkpoint),
        sha256=trained.sha256,
        labels=trained.labels,
    )


def trained_at(folder: Path) -> datetime:
    """When the training ended, in UTC."""
    return datetime.fromtimestamp((folder / TRAINED).stat().st_mtime, UTC)


def extended(trained: Trained) -> bool:
    """True if it was trained to keep the labels of its base."""
    return bool(trained.options.get("extend"))
