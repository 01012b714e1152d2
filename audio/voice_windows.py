"""Windows over speech, as the speaker network hears them: where each lies, and its log-mel spectrogram."""

from collections.abc import Iterator

import numpy as np

from analysis.types import Utterance
from audio.features import Array, MelSpec, log_mel

WINDOW_MS = 1_500
HOP_MS = 750


def window_spans(utterance: Utterance) -> Iterator[Utterance]:
    """Windows of ``WINDOW_MS`` each ``HOP_MS``; the last one ends with the utterance."""
    last = max(utterance.start_ms, utterance.end_ms - WINDOW_MS)
    for start in [*range(utterance.start_ms, last, HOP_MS), last]:
        yield utterance.model_copy(update={"start_ms": start, "end_ms": min(start + WINDOW_MS, utterance.end_ms)})


def voice_windows(samples: Array, utterance: Utterance, spec: MelSpec, level: float) -> tuple[tuple[Utterance, ...], Array]:
    """The windows over one utterance, and their log-mel spectrograms of shape (windows, frames, bands).

    Args:
        samples: the utterance, mono at ``spec.sample_rate``. What is shorter than a window is repeated until it fills one.
        level: effective value that every window is brought to.
    """
    windows = tuple(window_spans(utterance))
    size = WINDOW_MS * spec.sample_rate // 1000
    first = [(window.start_ms - utterance.start_ms) * spec.sample_rate // 1000 for window in windows]
    rows = [levelled(np.resize(samples[start : start + size], size), level) for start in first]
    return windows, np.stack([log_mel(row, spec.sample_rate, spec) for row in rows])


def levelled(samples: Array, level: float) -> Array:
    """The samples at an effective value of ``level``; silence stays silence."""
    rms = float(np.sqrt(np.mean(samples**2))) if len(samples) else 0.0
    return samples * np.float32(level / rms) if rms > 0 else samples
