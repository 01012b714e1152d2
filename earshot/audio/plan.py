"""Cuts a recording into chunks at silences, at the same times on every channel. No I/O."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import takewhile

from earshot.analysis.errors import Misconfigured
from earshot.analysis.types import Interval, Utterance

SILENCE_MARGIN_MS = 200
"""Distance of a cut from speech where the silence is long enough."""


@dataclass(frozen=True)
class PlanLimits:
    """Target and maximum length of a chunk, and the overlap of chunks where no silence is found;
    milliseconds."""

    target_ms: int = 25_000
    max_ms: int = 30_000
    overlap_ms: int = 1_000

    @classmethod
    def of_seconds(cls, target: float, longest: float, overlap: float) -> "PlanLimits":
        """Limits from seconds, as in the settings."""
        return cls(*(round(seconds * 1000) for seconds in (target, longest, overlap)))

    def __post_init__(self) -> None:
        if not 2 <= self.target_ms <= self.max_ms:
            raise Misconfigured(
                "chunk_plan",
                f"chunk length {self.target_ms} ms must lie between 2 and {self.max_ms} ms",
            )
        if not 0 <= self.overlap_ms < self.shortest_ms:
            raise Misconfigured(
                "chunk_plan", f"overlap {self.overlap_ms} ms must stay below half a chunk"
            )

    def expected_chunks(self, duration_ms: int) -> int:
        """Approximate number of chunks of a recording of that length."""
        return max(1, -(-duration_ms // self.target_ms))

    @property
    def shortest_ms(self) -> int:
        """Minimum length before a cut; a last chunk may be half of it."""
        return self.target_ms // 2


def plan_chunks(
    duration_ms: int, utterances: Iterable[Utterance], limits: PlanLimits
) -> tuple[Interval, ...]:
    """Chunks that cover ``[0, duration_ms)`` in order, none longer than ``max_ms``.

    A cut lies in the silence (no channel speaking) that is nearest to ``target_ms``; neighbours
    overlap by ``overlap_ms`` only where no such silence lies between ``shortest_ms`` and
    ``max_ms``.
    """
    silences = joint_silences(duration_ms, utterances)
    chunks: list[Interval] = []
    start = 0
    while duration_ms - start > limits.max_ms:
        left = duration_ms - start
        # The last two chunks share the remainder, so that no short rest remains.
        aim = start + (
            limits.target_ms if left >= limits.target_ms + limits.shortest_ms else left // 2
        )
        latest = min(start + limits.max_ms, duration_ms - limits.shortest_ms // 2)
        cut = _quiet_cut(silences, start + limits.shortest_ms, aim, latest)
        chunks.append(Interval(start_ms=start, end_ms=aim if cut is None else cut))
        start = aim - limits.overlap_ms if cut is None else cut
    if duration_ms > start:
        chunks.append(Interval(start_ms=start, end_ms=duration_ms))
    return tuple(chunks)


def joint_silences(duration_ms: int, utterances: Iterable[Utterance]) -> tuple[Interval, ...]:
    """Intervals in which no channel has speech."""
    silences = []
    quiet_from = 0
    for utterance in sorted(utterances, key=lambda one: one.start_ms):
        if quiet_from < min(utterance.start_ms, duration_ms):
            silences.append(
                Interval(start_ms=quiet_from, end_ms=min(utterance.start_ms, duration_ms))
            )
        quiet_from = max(quiet_from, utterance.end_ms)
    if quiet_from < duration_ms:
        silences.append(Interval(start_ms=quiet_from, end_ms=duration_ms))
    return tuple(silences)


def speech_in(chunk: Interval, utterances: Iterable[Utterance]) -> tuple[Utterance, ...]:
    """The utterances within a chunk, clipped to it."""
    return tuple(
        Utterance(
            channel=one.channel,
            start_ms=max(one.start_ms, chunk.start_ms),
            end_ms=min(one.end_ms, chunk.end_ms),
        )
        for one in utterances
        if one.start_ms < chunk.end_ms and one.end_ms > chunk.start_ms
    )


def _quiet_cut(silences: Sequence[Interval], earliest: int, aim: int, latest: int) -> int | None:
    """The point of a silence within ``[earliest, latest]`` nearest to ``aim``; the middle of a
    short one."""
    points = []
    first = bisect_left(silences, earliest, key=lambda silence: silence.end_ms)
    for silence in takewhile(lambda silence: silence.start_ms <= latest, silences[first:]):
        low, high = max(silence.start_ms, earliest), min(silence.end_ms, latest)
        margin = min(SILENCE_MARGIN_MS, (high - low) // 2)
        points.append(min(max(aim, low + margin), high - margin))
    return min(points, key=lambda point: (abs(point - aim), point), default=None)
