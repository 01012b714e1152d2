"""Label timelines over chunk borders: clipped so that no moment counts twice, equal neighbours
merged."""

from bisect import bisect_right
from collections.abc import Iterable

from earshot.analysis.findings import LabelledInterval, SoundEvent
from earshot.analysis.report.pooling import PLACES
from earshot.analysis.report.sections import Sound, Stretch
from earshot.analysis.spans import clip
from earshot.analysis.types import Interval


def merge_labels(parts: Iterable[tuple[LabelledInterval, Interval]]) -> tuple[Stretch, ...]:
    """One timeline from (labelled interval, the stretch owned by its chunk); gaps without data stay
    gaps."""
    merged: list[tuple[str, int, int, float]] = []  # label, start, end, confidence x ms
    for item, bounds in sorted(parts, key=lambda part: (part[0].start_ms, part[0].end_ms)):
        span = clip(item, bounds)
        length = span.end_ms - span.start_ms
        if not length:
            continue
        if merged and merged[-1][0] == item.label and merged[-1][2] >= span.start_ms:
            label, start, _, mass = merged[-1]
            merged[-1] = (label, start, span.end_ms, mass + item.confidence * length)
        else:
            merged.append((item.label, span.start_ms, span.end_ms, item.confidence * length))
    return tuple(
        Stretch(
            label=label,
            start_ms=start,
            end_ms=end,
            confidence=round(min(1.0, mass / (end - start)), PLACES),
        )
        for label, start, end, mass in merged
    )


def merge_sounds(parts: Iterable[tuple[SoundEvent, Interval]]) -> tuple[Sound, ...]:
    """Sound events of all chunks in order of time; an event that crosses a chunk border is one."""
    kept = list(parts)
    merged: list[Sound] = []
    for label in sorted({event.label for event, _ in kept}):
        own = [(event, bounds) for event, bounds in kept if event.label == label]
        stretches = merge_labels(own)
        starts, peaks = [stretch.start_ms for stretch in stretches], [0.0] * len(stretches)
        for event, bounds in own:
            span = clip(event, bounds)
            if span.start_ms < span.end_ms:
                at = bisect_right(starts, span.start_ms) - 1
                peaks[at] = max(peaks[at], event.peak)
        merged += [
            Sound(**stretch.model_dump(), peak=peak)
            for stretch, peak in zip(stretches, peaks, strict=True)
        ]
    return tuple(sorted(merged, key=lambda sound: (sound.start_ms, sound.label)))
