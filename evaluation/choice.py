"""Selects the rows of a manifest for an analysis, with their reference labels."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path, PurePosixPath

from evaluation.label_map import LabelMap, Truth
from evaluation.manifest import Row
from evaluation.measures import rttm
from evaluation.measures.der import Spoken

DIMENSIONS = ("valence", "arousal", "dominance")


@dataclass
class Chosen:
    """Positions of the labelled rows, with their label; it is None if an emotion is only rated in
    numbers."""

    truth: dict[int, str | None] = field(default_factory=dict)
    unlabelled: int = 0
    unmapped: Counter[str] = field(default_factory=Counter)


def choose(
    rows: Sequence[Row], analysis: str, mapping: LabelMap, root: Path, limit: int | None
) -> Chosen:
    """The rows to measure: all, or ``limit`` of them, evenly spread over the manifest.

    Raises:
        Misconfigured: a reference file named by a row cannot be read.
    """
    chosen = Chosen()
    for position, row in enumerate(rows):
        truth = mapping.truth(row)
        if analysis == "diarization":
            truth = _referenced(truth, root, row)
        if truth.unmapped:
            chosen.unmapped[truth.unmapped] += 1
        if truth.label is not None or (
            analysis == "emotion" and any(row.value_of(name) for name in DIMENSIONS)
        ):
            chosen.truth[position] = truth.label
        elif not truth.unmapped:
            chosen.unlabelled += 1
    chosen.truth = dict(spread(list(chosen.truth.items()), limit))
    return chosen


def spread(
    items: Sequence[tuple[int, str | None]], limit: int | None
) -> Sequence[tuple[int, str | None]]:
    """At most ``limit`` of the items, at even distances."""
    if limit is None or len(items) <= limit:
        return items
    return [items[i * len(items) // limit] for i in range(limit)]


def reference(root: Path, file: str, path: str) -> tuple[Spoken, ...]:
    """The reference turns of a recording in an RTTM file, which names it by its file name without
    the ending."""
    return _references(root / file).get(PurePosixPath(path).stem, ())


def _referenced(truth: Truth, root: Path, row: Row) -> Truth:
    if truth.label is None or reference(root, truth.label, row.path):
        return truth
    return Truth(unmapped=f"rttm={truth.label} has no line about {PurePosixPath(row.path).stem}")


@cache
def _references(path: Path) -> dict[str, tuple[Spoken, ...]]:
    return rttm.read(path)
