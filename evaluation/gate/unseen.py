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


def of_sets(rows: Sequence[Row], sets: Collection[str] | None) -> set[str]:
    """Paths of the rows that lie in one of the sets of ``trained_on``; all, where these are not
    known."""
    if sets is None:
        return {row.path for row in rows}
    known = [PurePosixPath(each).parts for each in sets]
    return {row.path for row in rows if any(_within(row.path, parts) for parts in known)}


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
        return {row.path for row in rows if digest(row, root) in learnt}
    kept = {digest(row, root) for row in holdout}
    return {row.path for row in rows if digest(row, root) not in kept}


def digest(row: Row, root: Path) -> str:
    """sha256 of a recording's file, as the manifest has it or else of the bytes; empty if there is
    none."""
    stated = row.value_of("sha256")
    if stated is not None:
        return stated
    path = root / row.path
    return sha256(path) if path.is_file() else ""


def _within(path: str, parts: Sequence[str]) -> bool:
    whole = PurePosixPath(path).parts
    return any(whole[i : i + len(parts)] == tuple(parts) for i in range(len(whole)))
