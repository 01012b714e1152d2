"""Measures and adjusts the level of audio."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]

SILENT_DB = -66.0
SILENT = 10 ** (SILENT_DB / 20)
"""RMS of that many dBFS, 16 steps of PCM16: audio below it counts as silence, regardless of a
network's output."""

MOST_GAIN = 100.0
"""40 dB: silence stays silent."""

PIECE = 32_768
"""Samples whose mean is removed at once; they fit into the processor's cache."""

FAINT_DB = 13.0
"""A voice this much fainter than another is missed by models that process both in one go (ADR
30)."""

CANCELLED_BELOW = 0.25
"""Channels cancel each other if their mean keeps less than this share of the energy expected of
independent channels."""


def loudness(waveform: Array) -> float:
    """RMS of the loudest channel about its mean, without DC offset.

    Args:
        waveform: shape (channels, samples) or (samples,); no samples are silence.
    """
    return float(loudnesses(waveform).max()) if waveform.size else 0.0


def loudnesses(waveform: Array) -> Array:
    """RMS along the last axis about its mean.

    Args:
        waveform: shape (channels, samples) or (samples,), with samples.
    """
    found: Array = np.sqrt(_power(waveform))
    return found


def centred(waveform: Array) -> Array:
    """Mono audio of shape (samples,) about its mean, without DC offset."""
    return waveform - np.float32(waveform.mean(dtype=np.float64)) if len(waveform) else waveform


def audible(waveform: Array) -> Array:
    """Mono audio unchanged, or zeros if its RMS is below ``SILENT``: raised to a level, silence
    would become noise."""
    return waveform if loudness(waveform) >= SILENT else np.zeros_like(waveform)


def levelled(waveform: Array, level: float) -> Array:
    """Scales mono audio of shape (samples,) to an RMS of ``level``, but by no more than
    ``MOST_GAIN``."""
    rms = np.sqrt(np.mean(np.square(waveform), dtype=np.float64)) if len(waveform) else 0.0
    return waveform * np.float32(gain_to(level, float(rms)))


def gain_to(level: float, rms: float) -> float:
    """Gain from one RMS to another, but no more than ``MOST_GAIN``."""
    return min(level / max(rms, 1e-9), MOST_GAIN)


def evened(waveform: Array, voices: Sequence[slice]) -> Array:
    """Mono audio in which faint voices are raised to the loudest: each that is ``FAINT_DB``
    fainter, with half of the pauses around it, but none by more than ``MOST_GAIN``. The audio
    itself if there is no such voice.

    Args:
        voices: span of each, in order and apart.
    """
    powers = [
        float(np.mean(np.square(waveform[voice]), dtype=np.float64))
        if waveform[voice].size
        else 0.0
        for voice in voices
    ]
    gains = [np.sqrt(max(powers) / max(power, 1e-12)) for power in powers]
    gains = [min(gain, MOST_GAIN) if gain > 10 ** (FAINT_DB / 20) else 1.0 for gain in gains]
    if all(gain == 1.0 for gain in gains):
        return waveform
    borders = [
        0,
        *((before.stop + after.start) // 2 for before, after in pairwise(voices)),
        len(waveform),
    ]
    raised = waveform.copy()
    for gain, (start, end) in zip(gains, pairwise(borders), strict=True):
        raised[start:end] *= np.float32(gain)
    return raised


def mixed(waveform: Array) -> Array:
    """Mixes many channels to one, shape (samples,): their mean, or the loudest one where the mean
    would cancel them, as with two channels of opposite phase.

    Args:
        waveform: shape (channels, samples).
    """
    first: Array = waveform[0]
    if len(waveform) == 1:
        return first
    mean = first.copy()
    for other in waveform[1:]:  # a quarter of the time of ``mean`` along the first axis
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
    """Variance along the last axis, which is not empty. A dot product takes half the time of
    ``var`` in double precision, and blocks avoid temporary arrays; the results differ by less than
    a thousandth."""
    mean = waveform.mean(axis=-1, keepdims=True, dtype=np.float64).astype(np.float32)
    pieces = (
        waveform[..., start : start + PIECE] - mean for start in range(0, waveform.shape[-1], PIECE)
    )
    power: Array = np.add.reduce([np.vecdot(piece, piece) for piece in pieces]) / np.float32(
        waveform.shape[-1]
    )
    return power
