"""Builds the stretches for recognition: utterances of a channel joined over short pauses, padded,
within their chunk."""

from collections.abc import Iterable
from itertools import groupby, pairwise

from earshot.analysis.spans import fuse, owned
from earshot.analysis.types import ChunkRef, Interval, Utterance

PAD_MS = 200
"""Audio added on both sides, within the chunk: recognisers expect silence around speech, and the
VAD may clip soft sounds."""


def stretches(ref: ChunkRef, join_gap_ms: int, longest_ms: int) -> list[Utterance]:
    """Stretches by channel and time, without overlap. Utterances closer than ``join_gap_ms`` share
    a stretch; none is longer than ``longest_ms``."""
    found: list[Utterance] = []
    for channel, utterances in groupby(
        sorted(ref.speech, key=lambda item: item.channel), key=lambda item: item.channel
    ):
        inside = (
            item for item in utterances if item.start_ms < ref.end_ms and item.end_ms > ref.start_ms
        )
        padded = (_padded(item, ref) for item in fuse(inside))
        # Neighbours that are too long together may share their pads; audio in both would be
        # transcribed twice.
        apart = owned(_joined(padded, join_gap_ms - 2 * PAD_MS, longest_ms))
        found += [
            Utterance(channel=channel, **part.model_dump())
            for item in apart
            for part in _cut(item, longest_ms)
        ]
    return found


def together(spans: Iterable[Utterance], longest_ms: int) -> list[Utterance]:
    """Spans of one channel, in order of time, joined over the pauses between them; none is
    longer than ``longest_ms``."""
    spans = list(spans)
    return [
        Utterance(channel=spans[0].channel, start_ms=part.start_ms, end_ms=part.end_ms)
        for item in _joined(spans, longest_ms, longest_ms)
        for part in _cut(item, longest_ms)
    ]


def _padded(item: Interval, ref: ChunkRef) -> Interval:
    return Interval(
        start_ms=max(ref.start_ms, item.start_ms - PAD_MS),
        end_ms=min(ref.end_ms, item.end_ms + PAD_MS),
    )


def _joined(items: Iterable[Interval], gap_ms: int, longest_ms: int) -> list[Interval]:
    joined: list[Interval] = []
    for item in items:
        last = joined[-1] if joined else None
        if (
            last
            and item.start_ms - last.end_ms < gap_ms
            and item.end_ms - last.start_ms <= longest_ms
        ):
            joined[-1] = Interval(start_ms=last.start_ms, end_ms=max(last.end_ms, item.end_ms))
        else:
            joined.append(item)
    return joined


def _cut(item: Interval, longest_ms: int) -> list[Interval]:
    """Splits a span that is too long into equal parts, so that no short rest remains."""
    length = item.end_ms - item.start_ms
    count = max(1, -(-length // longest_ms))
    ends = [item.start_ms + length * part // count for part in range(count + 1)]
    return [Interval(start_ms=a, end_ms=b) for a, b in pairwise(ends)]
