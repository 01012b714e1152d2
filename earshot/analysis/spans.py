"""Arithmetic of intervals on a recording's time line: overlap, clipping, search, and the stretch
owned by each chunk."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Generic, TypeVar

from earshot.analysis.types import Interval

T = TypeVar("T", bound=Interval)


def overlap_ms(a: Interval, b: Interval) -> int:
    """Length of the stretch that both cover, in ms; 0 when they do not meet."""
    return max(0, min(a.end_ms, b.end_ms) - max(a.start_ms, b.start_ms))


def clip(span: Interval, bounds: Interval) -> Interval:
    """The part of ``span`` within ``bounds``; empty (``start_ms == end_ms``) when there is none."""
    start = min(max(span.start_ms, bounds.start_ms), bounds.end_ms)
    return Interval(start_ms=start, end_ms=max(start, min(span.end_ms, bounds.end_ms)))


def owned(chunks: Sequence[Interval]) -> list[Interval]:
    """The stretch owned by each chunk, for chunks in order of time: an overlap is cut in its
    middle, so no moment counts twice."""
    if not chunks:
        return []
    cuts = [
        (a.end_ms + b.start_ms) // 2 if b.start_ms < a.end_ms else None for a, b in pairwise(chunks)
    ]
    starts, ends = [None, *cuts], [*cuts, None]
    return [
        Interval(
            start_ms=chunk.start_ms if start is None else start,
            end_ms=chunk.end_ms if end is None else end,
        )
        for chunk, start, end in zip(chunks, starts, ends, strict=True)
    ]


class Track(Generic[T]):
    """Intervals sorted by time, with a search that does not visit all of them."""

    def __init__(self, items: Iterable[T]) -> None:
        self.items = sorted(items, key=lambda item: (item.start_ms, item.end_ms))
        self._starts = [item.start_ms for item in self.items]
        self._longest = max((item.end_ms - item.start_ms for item in self.items), default=0)

    def meeting(self, span: Interval) -> list[T]:
        """Every interval that shares time with ``span``, in order."""
        first = bisect_left(self._starts, span.start_ms - self._longest)
        last = bisect_right(self._starts, span.end_ms)
        return [item for item in self.items[first:last] if overlap_ms(item, span)]

    def nearest(self, span: Interval) -> T | None:
        """The interval with the largest overlap with ``span``, or else the closest; None if there
        is none at all."""
        near = self.meeting(span)
        if near:
            return max(near, key=lambda item: overlap_ms(item, span))
        return min(
            self.items,
            key=lambda item: max(item.start_ms - span.end_ms, span.start_ms - item.end_ms),
            default=None,
        )


def fuse(items: Iterable[Interval], gap_ms: int = 0) -> list[Interval]:
    """Union of the intervals; neighbours at most ``gap_ms`` apart become one."""
    fused: list[Interval] = []
    for item in sorted(items, key=lambda item: item.start_ms):
        if fused and item.start_ms - fused[-1].end_ms <= gap_ms:
            fused[-1] = Interval(
                start_ms=fused[-1].start_ms, end_ms=max(fused[-1].end_ms, item.end_ms)
            )
        else:
            fused.append(Interval(start_ms=item.start_ms, end_ms=item.end_ms))
    return fused


def without(span: Interval, items: Iterable[Interval]) -> list[Interval]:
    """The parts of ``span`` that no item covers, in order."""
    left, at = [], span.start_ms
    for item in fuse(items):
        if item.end_ms <= at or item.start_ms >= span.end_ms:
            continue
        if item.start_ms > at:
            left.append(Interval(start_ms=at, end_ms=item.start_ms))
        at = item.end_ms
    if at < span.end_ms:
        left.append(Interval(start_ms=at, end_ms=span.end_ms))
    return left
