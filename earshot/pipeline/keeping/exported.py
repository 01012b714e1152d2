"""Removes reports and clips that were written as files for users."""

import json
import logging
import socket
from collections.abc import Collection
from pathlib import Path
from uuid import UUID

from earshot.analysis.errors import Unavailable
from earshot.storage.deletions import Export
from earshot.storage.postgres import tombstones
from earshot.storage.postgres.db import Connection

log = logging.getLogger(__name__)

AWS = ".aws"
"""Before the suffix of a file in the shape of Call Analytics, which is no report."""

SOUND = ".wav"
"""Of files that hold sound: clips of labels. All others are made of the report."""


def remove_exports(connection: Connection, ids: Collection[UUID], suffix: str = "") -> list[UUID]:
    """Removes the exported files of the recordings, which stay otherwise: those that this machine
    reaches. Returns the recordings of which nothing is left here; others stay known.

    Args:
        suffix: only of files whose names end so.
    """
    left = set()
    for recording_id, export in tombstones.exports(connection, ids):
        if not export.path.endswith(suffix):
            continue
        try:
            if remove_export(recording_id, export) != "elsewhere":
                tombstones.forget_export(connection, recording_id, export)
        except Unavailable as error:
            log.warning("recording %s keeps its answers: %s", recording_id, error)
            left.add(recording_id)
    return [each for each in ids if each not in left]


def remove_export(recording_id: UUID, export: Export) -> str:
    """Removes an exported file, on the machine that wrote it or that shares its folder, and only
    if the file still is of that recording; returns what became of it.

    Raises:
        Unavailable: ``unremovable``, the file or its folder does not permit it.
    """
    path = Path(export.path)
    if export.host != socket.gethostname() and not _is_here(path, recording_id):
        return "elsewhere"
    try:
        if not _is_of(path, recording_id):
            return "changed"
        path.unlink()
    except (FileNotFoundError, NotADirectoryError):
        return "gone"
    except (IsADirectoryError, ValueError, LookupError, TypeError) as error:
        log.warning("%s is not deleted, it is not a report of the recording: %s", path, error)
        return "changed"
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise Unavailable(
            "unremovable", f"{path} cannot be removed ({reason}); remove it, or permit it"
        ) from error
    return "removed"


def _is_here(path: Path, recording_id: UUID) -> bool:
    """Whether a file of another machine, as of a container before this one, is in a folder that
    this machine shares."""
    try:
        return path.is_file() and _is_of(path, recording_id)
    except (OSError, ValueError, LookupError, TypeError):  # a file of this machine alone
        return False


def _is_of(path: Path, recording_id: UUID) -> bool:
    """Whether a file still is an export of the recording: a report names it; files of other formats
    cannot, and have a part of the id in their name.

    Raises:
        ValueError, LookupError, TypeError: a file of that name is not a report.
    """
    if path.suffix != ".json" or path.stem.endswith(AWS):
        return path.stem.removesuffix(AWS).endswith(f"-{str(recording_id)[:8]}")
    body = json.loads(path.read_text(encoding="utf-8"))
    return bool(body["recording"]["id"] == str(recording_id))
