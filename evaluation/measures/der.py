"""Diarization error rate: the share of speech that is missed, falsely detected or given to the
wrong speaker (NIST RT, md-eval)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evaluation.measures.assignment import best_total

STEP_MS = 10
COLLAR_MS = 250
"""Not scored on either side of every reference border: human annotations differ by about that
much."""


@dataclass(frozen=True)
class Spoken:
    """One speaker talking."""

    speaker: str
    start_ms: int
    end_ms: int


@dataclass(frozen=True)
class Errors:
    """Milliseconds of speaker time; ``rate`` is their sum over the reference's."""

    missed_detection: int
    false_alarm: int
    confusion: int
    spoken: int
    overlap: int = 0
    """Milliseconds in which the reference has several voices; ``overlap_found``: the turns;
    ``overlap_right``: both."""
    overlap_found: int = 0
    overlap_right: int = 0

    @property
    def rate(self) -> float:
        return (self.missed_detection + self.false_alarm + self.confusion) / max(1, self.spoken)

    @property
    def overlap_f1(self) -> float:
        """F1 of the time in which several voices speak."""
        return 2 * self.overlap_right / max(1, self.overlap + self.overlap_found)

    def __add__(self, other: "Errors") -> "Errors":
        return Errors(
            self.missed_detection + other.missed_detection,
            self.false_alarm + other.false_alarm,
            self.confusion + other.confusion,
            self.spoken + other.spoken,
            self.overlap + other.overlap,
            self.overlap_found + other.overlap_found,
            self.overlap_right + other.overlap_right,
        )


def score(
    reference: Sequence[Spoken],
    found: Sequence[Spoken],
    duration_ms: int,
    collar_ms: int = COLLAR_MS,
) -> Errors:
    """Errors under the best one-to-one mapping of found to true speakers; overlapped speech counts
    once a speaker."""
    truth, guess = _grid(reference, duration_ms), _grid(found, duration_ms)
    scored = np.ones(truth.shape[1], dtype=bool)
    for turn in reference:
        for border in (turn.start_ms, turn.end_ms):
            scored[max(0, border - collar_ms) // STEP_MS : (border + collar_ms) // STEP_MS] = False
    truth, guess = truth[:, scored], guess[:, scored]
    true_count, found_count = truth.sum(axis=0), guess.sum(axis=0)
    correct = best_total(truth.astype(np.int64) @ guess.T.astype(np.int64))
    return Errors(
        missed_detection=int(np.maximum(true_count - found_count, 0).sum()) * STEP_MS,
        false_alarm=int(np.maximum(found_count - true_count, 0).sum()) * STEP_MS,
        confusion=int(np.minimum(true_count, found_count).sum() - correct) * STEP_MS,
        spoken=int(true_count.sum()) * STEP_MS,
        overlap=int((true_count > 1).sum()) * STEP_MS,
        overlap_found=int((found_count > 1).sum()) * STEP_MS,
        overlap_right=int(((true_count > 1) & (found_count > 1)).sum()) * STEP_MS,
    )


def _grid(turns: Sequence[Spoken], duration_ms: int) -> NDArray[np.bool_]:
    speakers = sorted({turn.speaker for turn in turns})
    grid = np.zeros((len(speakers), duration_ms // STEP_MS), dtype=bool)
    for turn in turns:
        grid[speakers.index(turn.speaker), turn.start_ms // STEP_MS : turn.end_ms // STEP_MS] = True
    return grid
