"""Detects sound events in shares over time: a label rises above one threshold until it falls below
another; and the reasons for rejecting other sounds."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from earshot.analysis.findings import Rejected, SoundEvent
from earshot.analysis.types import Interval

RULES = Path(__file__).with_name("sound_events.toml")
PLACES = 4
Array = NDArray[np.float32]
Run = tuple[int, int, float]
"""First cell, the one behind the last, and the largest share in between."""


@dataclass(frozen=True)
class Rule:
    """Thresholds of a label's events."""

    on: float  # share that it must reach
    off: float  # share below which it ends
    min_ms: int


@dataclass(frozen=True)
class Cells:
    """Shares of the labels in cells of equal length."""

    labels: tuple[str, ...]
    shares: Array  # shape (cells, labels), from the network
    quiet: NDArray[np.bool_]  # inaudible cells, regardless of the network
    length_ms: int
    chunk: Interval

    def span(self, first: int, last: int) -> Interval:
        """From the first cell until before the last; the very last cell ends with the chunk."""
        end = (
            self.chunk.end_ms
            if last == len(self.shares)
            else self.chunk.start_ms + last * self.length_ms
        )
        return Interval(start_ms=self.chunk.start_ms + first * self.length_ms, end_ms=end)


@cache
def rules(path: Path = RULES) -> Mapping[str, Rule]:
    """Rule of each label."""
    return {
        label: Rule(**rule)
        for label, rule in tomllib.loads(path.read_text(encoding="utf-8"))["label"].items()
    }


def runs(track: Array, rule: Rule) -> Iterator[tuple[int, int]]:
    """Runs of cells (first, behind the last) in which the share stays at ``off`` or above; a run
    that reaches ``on`` is an event."""
    edges = np.flatnonzero(
        np.diff(np.concatenate([[False], track >= rule.off, [False]]).astype(np.int8))
    )
    yield from zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)


def events_of(
    cells: Cells, silence: str, floor_db: float
) -> tuple[tuple[SoundEvent, ...], tuple[Rejected, ...]]:
    """All events in order of time, and for each label the strongest rejected one, by reason.

    Args:
        silence: the label of quiet cells.
        floor_db: level below which a cell is quiet, for the reason.
    """
    events: list[SoundEvent] = []
    kept_back: list[Rejected] = []
    for i, label in enumerate(cells.labels):
        rule = rules()[label]
        audible = np.where(cells.quiet, np.float32(label == silence), cells.shares[:, i])
        found = [
            (first, last, float(audible[first:last].max())) for first, last in runs(audible, rule)
        ]
        loud = [run for run in found if run[2] >= rule.on]
        long = [run for run in loud if _is_long(cells, run, rule)]
        events += [_event(cells, label, audible, run) for run in long]
        kept_back += _strongest(
            cells, label, "duration", rule.min_ms, [run for run in loud if run not in long]
        )
        faint = [run for run in found if run[2] < rule.on]
        if not found and len(audible):
            top = int(audible.argmax())
            faint = [(top, top + 1, float(audible[top]))]
        kept_back += _strongest(cells, label, "threshold", rule.on, faint)
        if label != silence:
            masked = np.where(cells.quiet, cells.shares[:, i], np.float32(0))
            drowned = [
                (first, last, float(masked[first:last].max())) for first, last in runs(masked, rule)
            ]
            kept_back += _strongest(
                cells, label, "energy", floor_db, [run for run in drowned if run[2] >= rule.on]
            )
    return tuple(sorted(events, key=lambda event: (event.start_ms, event.label))), tuple(kept_back)


def _is_long(cells: Cells, run: Run, rule: Rule) -> bool:
    """True if long enough, or all of a chunk that is shorter than the minimum."""
    span = cells.span(run[0], run[1])
    return span.end_ms - span.start_ms >= rule.min_ms or run[1] - run[0] == len(cells.shares)


def _event(cells: Cells, label: str, track: Array, run: Run) -> SoundEvent:
    first, last, peak = run
    mean = round(float(track[first:last].mean()), PLACES)
    return SoundEvent(
        **cells.span(first, last).model_dump(),
        label=label,
        confidence=mean,
        peak=round(peak, PLACES),
    )


def _strongest(
    cells: Cells, label: str, reason: str, limit: float, found: list[Run]
) -> Iterator[Rejected]:
    if found:
        first, last, peak = max(found, key=lambda run: run[2])
        span = cells.span(first, last).model_dump()
        yield Rejected.model_validate(
            {**span, "label": label, "peak": round(peak, PLACES), "reason": reason, "limit": limit}
        )
