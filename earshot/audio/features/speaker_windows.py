"""Windows of speech for the speaker network: their positions and log-mel spectrograms."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from earshot.analysis.types import Utterance
from earshot.audio.features.level import levelled
from earshot.audio.features.spectra import Array, MelSpec, log_mel

Reader = Callable[[int, int], Array]

WINDOW_MS = 1_500
HOP_MS = 750
AT_ONCE = 64
"""Windows whose audio is held at once, 48.75 s: speech without a pause may last for hours."""


def window_spans(utterance: Utterance) -> tuple[Utterance, ...]:
    """Windows of ``WINDOW_MS`` every ``HOP_MS``; the last one ends with the utterance."""
    last = max(utterance.start_ms, utterance.end_ms - WINDOW_MS)
    starts = [*range(utterance.start_ms, last, HOP_MS), last]
    ends = [min(start + WINDOW_MS, utterance.end_ms) for start in starts]
    times = zip(starts, ends, strict=True)
    return tuple(
        utterance.model_copy(update={"start_ms": start, "end_ms": end}) for start, end in times
    )


def voice_windows(
    read: Reader, windows: Sequence[Utterance], spec: MelSpec, level: float
) -> Iterator[Array]:
    """Log-mel spectrograms of windows of one channel in order, at most ``AT_ONCE`` of them at a
    time.

    Args:
        read: gives the mono samples at ``spec.sample_rate`` from one millisecond to another.
        level: RMS that every window is brought to. A window of less than ``WINDOW_MS`` is repeated
            until it fills one.
    Returns:
        Shape (windows, frames, bands) each.
    """
    size = WINDOW_MS * spec.sample_rate // 1000
    for at in range(0, len(windows), AT_ONCE):
        part = windows[at : at + AT_ONCE]
        samples = read(part[0].start_ms, part[-1].end_ms)
        first = [(window.start_ms - part[0].start_ms) * spec.sample_rate // 1000 for window in part]
        rows = [levelled(np.resize(samples[start : start + size], size), level) for start in first]
        yield np.stack([log_mel(row, spec.sample_rate, spec) for row in rows])
