"""How loud sound is, and bringing it to a level."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]

SILENT_DB = -66.0
SILENT = 10 ** (SILENT_DB / 20)
"""RMS of that many dBFS, 16 steps of PCM16: sound below it is called silence by its energy, whatever a network makes of it."""

MOST_GAIN = 100.0
"""40 dB: what is silent stays silent."""

CANCELLED_BELOW = 0.25
"""Share of the energy that independent channels would leave in their mean, below which they cancel each other."""


def loudness(waveform: Array) -> float:
    """RMS of the loudest channel about its mean: a DC offset is no sound.

    Args:
        waveform: shape (channels, samples) or (samples,); no samples are silence.
    """
    return float(np.sqrt(_power(waveform).max())) if waveform.size else 0.0


def loudness_of_each(waveform: Array, size: int) -> Array:
    """``loudness`` of one stretch of so many samples after the other; the last one may be shorter, and is there even when it is
    all there is.

    Args:
        waveform: shape (channels, samples).
    """
    whole = waveform.shape[1] // size
    stretches = waveform[:, : whole * size].reshape(len(waveform), whole, size)
    loud = np.sqrt(_power(stretches).max(axis=0))
    rest = waveform[:, whole * size :]
    return np.append(loud, np.float32(loudness(rest))) if rest.shape[1] or not whole else loud


def centred(waveform: Array) -> Array:
    """Mono sound of shape (samples,) about its mean: a DC offset is no sound."""
    return waveform - np.float32(waveform.mean(dtype=np.float64)) if len(waveform) else waveform


def audible(waveform: Array) -> Array:
    """Mono sound as it is, and nothing at all where its RMS is below ``SILENT``: brought to a level, silence would be hiss."""
    return waveform if loudness(waveform) >= SILENT else np.zeros_like(waveform)


def levelled(waveform: Array, level: float) -> Array:
    """Bring mono sound of shape (samples,) to an RMS of ``level``, but by no more than ``MOST_GAIN``."""
    rms = np.sqrt(np.mean(np.square(waveform), dtype=np.float64)) if len(waveform) else 0.0
    return waveform * np.float32(min(level / max(rms, 1e-9), MOST_GAIN))


def mixed(waveform: Array) -> Array:
    """One channel of many, shape (samples,): their mean; the loudest one where the mean would cancel them, as it does two
    channels of opposite phase.

    Args:
        waveform: shape (channels, samples).
    """
    if len(waveform) == 1:
        return waveform[0]
    mean: Array = waveform[0].copy()
    for other in waveform[1:]:  # a quarter of the time that ``mean`` along the first axis takes
        mean += other
    mean /= np.float32(len(waveform))
    if waveform.shape[1] == 0:
        return mean
    power = _power(waveform)
    # The mean of n independent channels holds 1 / n of their mean power.
    cancelled = _power(mean) < CANCELLED_BELOW * power.mean() / len(waveform)
    loudest: Array = waveform[int(power.argmax())]
    return loudest if cancelled else mean


def _power(waveform: Array) -> Array:
    """Variance along the last axis. A dot product takes half the time of ``var`` in double precision, and half the memory; the
    results differ by less than a thousandth."""
    mean = waveform.mean(axis=-1, keepdims=True, dtype=np.float64).astype(np.float32)
    sound = waveform - mean
    power: Array = np.vecdot(sound, sound) / np.float32(waveform.shape[-1])
    return power
