"""Compares what a release in shadow answered with what the recordings were answered by."""

import heapq
from collections import Counter
from collections.abc import Iterable, Mapping
from uuid import UUID

import numpy as np

from earshot.analysis.findings import Published
from earshot.analysis.types import Frozen, Interval
from earshot.storage.releases.shadows import Pair

QUANTILES = (5, 25, 50, 75, 95)
"""Per cent."""


class Flip(Frozen):
    """Answers that became another one: a label, or the reason why there is none."""

    was: str
    now: str
    chunks: int


class Clip(Interval):
    """A chunk to listen to."""

    recording_id: UUID
    was: str
    now: str
    disagreement: float
    """Share of the scores that lies on other labels, 0 to 1."""


class Shift(Frozen):
    """How the score of the active release's strongest label changes: the candidate's minus the
    active one's, over chunks that both answered."""

    mean: float
    quantiles: dict[str, float]
    """Per cent to value."""


class Cost(Frozen):
    """CPU time for a second of sound, in ms; None where nothing was measured."""

    candidate: float | None
    active: float | None
    """Of all workers of the analysis since the shadow began, whichever release they had."""


class Difference(Frozen):
    """A release against another one, over recordings that the other one answered."""

    release: str
    against: str
    recordings: int
    chunks: int
    """Compared; those that either failed on are not."""
    flips: int
    flip_table: tuple[Flip, ...]
    """Most frequent first."""
    shift: Shift | None
    failures: dict[str, int]
    """Code to the chunks that this release failed on."""
    active_failures: int
    """Chunks that the other one failed on; left out."""
    left_out: dict[str, int]
    """Release to the chunks that it answered instead of ``against``."""
    cpu: Cost
    clips: tuple[Clip, ...]
    """The largest disagreements first."""

    @property
    def flip_share(self) -> float:
        """Of the compared chunks; 0 without any."""
        return self.flips / self.chunks if self.chunks else 0.0


def difference(
    release: str, against: str, pairs: Iterable[Pair], active_ms: float | None, clips: int = 10
) -> Difference:
    """Compares; reads the pairs once.

    Args:
        active_ms: CPU time of the active release for a second of sound.
        clips: number of chunks to name.
    """
    recordings: set[UUID] = set()
    left_out, failures, flips = Counter[str](), Counter[str](), Counter[tuple[str, str]]()
    shifts: list[float] = []
    largest: list[tuple[float, UUID, int, Clip]] = []
    chunks = active_failures = sound_ms = 0
    cpu_ms = 0.0
    for pair in pairs:
        if pair.other != against:
            left_out[pair.other] += 1
            continue
        recordings.add(pair.recording_id)
        if pair.status == "failed":
            failures[pair.code or "unknown"] += 1
            continue
        cpu_ms, sound_ms = cpu_ms + pair.cpu_ms, sound_ms + pair.sound_ms
        if pair.other_status == "failed":
            active_failures += 1
            continue
        chunks += 1
        was, now = _said(pair.other_answer, pair.other_reason), _said(pair.answer, pair.reason)
        if was != now:
            flips[was, now] += 1
        if pair.answer and pair.other_answer:
            shifts.append(_shift(pair.other_answer.scores, pair.answer.scores))
        far = _disagreement(pair)
        if far > 0:
            clip = Clip(
                recording_id=pair.recording_id,
                start_ms=pair.start_ms,
                end_ms=pair.end_ms,
                was=was,
                now=now,
                disagreement=round(far, 4),
            )
            add = heapq.heappush if len(largest) < clips else heapq.heappushpop
            add(largest, (far, pair.recording_id, pair.chunk_index, clip))
    return Difference(
        release=release,
        against=against,
        recordings=len(recordings),
        chunks=chunks,
        flips=flips.total(),
        flip_table=tuple(
            Flip(was=was, now=now, chunks=number) for (was, now), number in flips.most_common()
        ),
        shift=_summary(shifts),
        failures=dict(failures.most_common()),
        active_failures=active_failures,
        left_out=dict(left_out.most_common()),
        cpu=Cost(
            candidate=round(1000 * cpu_ms / sound_ms, 3) if sound_ms else None, active=active_ms
        ),
        clips=tuple(each[-1] for each in sorted(largest, reverse=True)),
    )


def _said(answer: Published | None, reason: str | None) -> str:
    return answer.label if answer else f"({reason or 'nothing'})"


def _shift(was: Mapping[str, float], now: Mapping[str, float]) -> float:
    top = max(was, key=lambda label: was[label])
    return now.get(top, 0.0) - was[top]


def _disagreement(pair: Pair) -> float:
    """Total variation distance of the scores; 1 where one answers and the other does not."""
    if pair.answer is None or pair.other_answer is None:
        return float((pair.answer is None) != (pair.other_answer is None))
    was, now = pair.other_answer.scores, pair.answer.scores
    return sum(abs(now.get(each, 0.0) - was.get(each, 0.0)) for each in was.keys() | now.keys()) / 2


def _summary(shifts: list[float]) -> Shift | None:
    if not shifts:
        return None
    values = np.percentile(shifts, QUANTILES)
    quantiles = {
        str(each): round(float(value), 4) for each, value in zip(QUANTILES, values, strict=True)
    }
    return Shift(mean=round(float(np.mean(shifts)), 4), quantiles=quantiles)
