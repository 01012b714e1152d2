"""Arithmetic of sets of stretches; each set is in order and without overlap, as ``fuse`` returns
it."""

from collections.abc import Sequence

from earshot.analysis.spans import Track, clip, overlap_ms
from earshot.analysis.types import Interval


def length_ms(spans: Sequence[Interval]) -> int:
    """Sum of the lengths."""
    return sum(span.end_ms - span.start_ms for span in spans)


def common(a: Sequence[Interval], b: Sequence[Interval]) -> list[Interval]:
    """What both cover."""
    track = Track(b)
    return [clip(other, span) for span in a for other in track.meeting(span)]


def common_ms(a: Sequence[Interval], b: Sequence[Interval]) -> int:
    """Length of what both cover."""
    track = Track(b)
    return sum(overlap_ms(other, span) for span in a for other in track.meeting(span))


def gaps(spans: Sequence[Interval], within: Interval) -> list[Interval]:
    """What is left of ``within``."""
    inner = [span for span in (clip(each, within) for each in spans) if span.end_ms > span.start_ms]
    starts = [within.start_ms, *(span.end_ms for span in inner)]
    ends = [*(span.start_ms for span in inner), within.end_ms]
    return [
        Interval(start_ms=start, end_ms=end)
        for start, end in zip(starts, ends, strict=True)
        if end > start
    ]
