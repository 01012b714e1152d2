"""Which recordings of a holdout the active release was trained on: its answers to them are no
figure of unseen sound."""

import json
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path, PurePosixPath

from earshot.models.checkpoints.location import sha256
from evaluation.manifest import Row

DATA = "data.jsonl"
"""Beside a checkpoint: ``sha256`` and ``side`` of every recording of its training."""
HELD_OUT = "holdout"
MADE_OF = "made_of"
"""Key of a row that was composed: path and sha256 of each recording in it."""


def of_sets(rows: Sequence[Row], sets: Collection[str] | None) -> set[str]:
    """Paths of the rows that lie in one of the sets of ``trained_on``; all, where these are not
    known."""
    if sets is None:
        return {row.path for row in rows}
    known = [PurePosixPath(each).parts for each in sets]
    return {
        row.path
        for row in rows
        if any(_within(path, parts) for path in (row.path, *_parts(row)) for parts in known)
    }


def of_release(rows: Sequence[Row], root: Path, folder: Path, holdout: Iterable[Row]) -> set[str]:
    """Paths of the rows that a release of this installation may have learnt.

    Args:
        root: of the paths.
        folder: of its checkpoint. With its list of recordings (``DATA``) these are the rows that
            it was fitted or stopped on; without, all that its own holdout does not have.
        holdout: its own.
    """
    listed = folder / DATA
    if listed.is_file():
        lines = listed.read_text(encoding="utf-8").splitlines()
        used = [json.loads(line) for line in lines if line.strip()]
        learnt = {each["sha256"] for each in used if each["side"] != HELD_OUT}
        return {row.path for row in rows if not digests(row, root).isdisjoint(learnt)}
    kept = {one for row in holdout for one in digests(row, root)}
    return {row.path for row in rows if not digests(row, root) <= kept}


def digests(row: Row, root: Path) -> set[str]:
    """Of the recordings in a row: its own, or those that it was composed of."""
    return set(_parts(row).values()) or {digest(row, root)}


def digest(row: Row, root: Path) -> str:
    """sha256 of a recording's file, as the manifest has it or else of the bytes; empty if there is
    none."""
    stated = row.value_of("sha256")
    if stated is not None:
        return stated
    path = root / row.path
    return sha256(path) if path.is_file() else ""


def _parts(row: Row) -> dict[str, str]:
    """Path to sha256 of what a row was composed of."""
    made_of = (row.model_extra or {}).get(MADE_OF, ())
    return {part["path"]: part["sha256"] for part in made_of}


def _within(path: str, parts: Sequence[str]) -> bool:
    whole = PurePosixPath(path).parts
    return any(whole[i : i + len(parts)] == tuple(parts) for i in range(len(whole)))
