"""Generated sound of one channel at 16 kHz: shape (samples,), float32, within [-1, 1]."""

import numpy as np
import soxr

from earshot.compute.sound import SAMPLE_RATE, Samples

NARROW_RATE = 8_000
"""Hz, of a telephone."""


def sine(hertz: float, seconds: float = 1.0, level: float = 0.5) -> Samples:
    """``level`` is the peak."""
    time = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    return (level * np.sin(2 * np.pi * hertz * time)).astype(np.float32)


def white_noise(seconds: float, level: float = 0.1, seed: int = 3) -> Samples:
    """``level`` is the root mean square."""
    samples = np.random.default_rng(seed).standard_normal(round(seconds * SAMPLE_RATE))
    return (level * samples).astype(np.float32)


def voice(seconds: float, pitch_hz: float = 120.0) -> Samples:
    """A buzz with the pitch, formants and rhythm of a voice."""
    time = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    phase = 2 * np.pi * np.cumsum(pitch_hz + 25 * np.sin(2 * np.pi * 0.7 * time)) / SAMPLE_RATE
    vowel = 500 + 200 * np.sin(2 * np.pi * 0.9 * time)
    buzz = sum(
        0.2 * np.exp(-(((pitch_hz * k - vowel) / 250) ** 2)) * np.sin(k * phase)
        for k in range(1, 25)
    )
    hiss = 0.003 * np.random.default_rng(5).standard_normal(len(time))
    return np.asarray(buzz * np.maximum(np.sin(2 * np.pi * 2.5 * time), 0) + hiss, dtype=np.float32)


def narrow(sound: Samples) -> Samples:
    """As a telephone recording sounds after it was resampled to 16 kHz; last axis is time."""
    once = soxr.resample(np.moveaxis(sound, -1, 0), SAMPLE_RATE, NARROW_RATE)
    both = soxr.resample(once, NARROW_RATE, SAMPLE_RATE)
    return np.asarray(np.moveaxis(both, 0, -1), dtype=np.float32)
