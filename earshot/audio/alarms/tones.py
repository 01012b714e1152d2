"""Measures how far a tone rises above the surrounding sound, frame by frame, at the pitches of
alarms, and how steady its pitch is."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from earshot.audio.features.spectra import hann

Array = NDArray[np.float32]

RATE = 16_000
"""Hz."""
WINDOW = 512
"""Samples of a frame: 32 ms separates tones 60 Hz apart, and fits three times into a pulse of 100
ms."""
HOP = 320
HOP_SEC = HOP / RATE
BIN_HZ = RATE / WINDOW
AT_ONCE = 256
"""Frames transformed at once. They fit into the processor's cache: a chunk takes 1.6 ms and 6 MB
instead of 4.5 ms and 18 MB."""
LOWEST, HIGHEST = 5, 121
"""Range of bins: 156 to 3,781 Hz, within the band of a telephone or just beside it."""
FLOOR = 2e-6
"""Power of a bin under white noise at -80 dBFS, the minimum for the surrounding level."""
NEAR, FAR = 4, 8
"""Bins on either side of a tone that measure the surrounding sound; nearer ones contain the tone's
own skirts."""
CHANCE_DB = 2
"""Level of a bin above its surroundings expected by chance."""
FADED_DB = 3
STEP_DB = 6
"""If one side is this much quieter, as beyond the edge of a telephone's band, the tone must rise
above the louder one."""
FALL_DB = (2.0, 6.0)
"""A tone that falls by the first within 50 ms counts for less; by the second, for nothing."""
SEARCH = 3
"""Bins around a tone in which its exact pitch is searched."""


@dataclass(frozen=True)
class Pitch:
    """The tone of a kind of sounder; its pitch lies within 10 % of the nominal one (UL 217, UL
    464)."""

    nominal: int  # Hz
    harmonics: tuple[int, ...]

    @property
    def limits(self) -> tuple[float, float]:
        """Hz."""
        return 0.9 * self.nominal, 1.1 * self.nominal


PITCHES = (Pitch(520, (1, 3, 5)), Pitch(3100, (1,)))
"""A piezo disc; and a square wave, of whose odd harmonics two of three must be present, which
excludes voices and instruments."""


@dataclass(frozen=True)
class Tracks:
    """Tones of one kind over time."""

    pitch: Pitch
    hertz: Array  # shape (tracks,): pitch of each track
    level: Array  # shape (tracks, frames): dB above the sound around it


def decibels_of(waveform: Array) -> Array:
    """Power of the bins from ``LOWEST`` to ``HIGHEST`` in dB, shape (bins, frames).

    Args:
        waveform: mono at 16 kHz, shape (samples,). Frame i is the ``WINDOW`` samples from ``i *
            HOP`` on.
    """
    padded = np.pad(waveform, (0, max(WINDOW - len(waveform), 0)))
    rows = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP]
    power = np.empty((HIGHEST - LOWEST, len(rows)), np.float32)
    for start in range(0, len(rows), AT_ONCE):
        spectrum = np.fft.rfft(rows[start : start + AT_ONCE] * hann(WINDOW), WINDOW)[
            :, LOWEST:HIGHEST
        ]
        power[:, start : start + AT_ONCE] = (spectrum.real**2 + spectrum.imag**2).T
    power += np.float32(FLOOR)
    np.log10(power, out=power)
    power *= np.float32(10)
    return power


def tracks_of(decibels: Array) -> tuple[Tracks, ...]:
    """Returns the tracks of every pitch."""
    out = _standing_out(decibels)
    return tuple(
        Tracks(pitch, hertz, _together(*out[rows]) if len(rows) == 3 else out[rows[0]])
        for pitch, (hertz, rows) in zip(PITCHES, _listened(), strict=True)
    )


def unsteadiness(
    decibels: Array, pitch: Pitch, hertz: float, pulses: Sequence[tuple[int, int]]
) -> float:
    """Relative deviation of the tone's pitch between pulses, of the steadiest harmonic.

    Args:
        pulses: first and last frame of each.
    """
    spreads = [
        np.ptp([_exact(decibels, hertz * h, span) for span in pulses]) / (hertz * h)
        for h in pitch.harmonics
    ]
    return float(min(spreads))


def has_fundamental(
    decibels: Array, pitch: Pitch, hertz: float, pulses: Sequence[tuple[int, int]]
) -> bool:
    """True if the first harmonic is the strongest, as in a square wave; a room may weaken it by
    ``FADED_DB``."""
    strength = [_strength(decibels, hertz * h, pulses) for h in pitch.harmonics]
    return strength[0] >= max(strength) - FADED_DB


def depth(decibels: Array, pitch: Pitch, hertz: float, pulses: Sequence[tuple[int, int]]) -> float:
    """Mean difference of the tone between pulses and gaps in dB, of the deepest harmonic."""
    gaps = [(before[1], after[0]) for before, after in pairwise(pulses)]
    return max(
        _strength(decibels, hertz * h, pulses) - _strength(decibels, hertz * h, gaps)
        for h in pitch.harmonics
    )


def _strength(decibels: Array, hertz: float, spans: Sequence[tuple[int, int]]) -> float:
    row = int(hertz // BIN_HZ) - LOWEST
    return float(np.mean([decibels[row : row + 2, a:b].max(axis=0).mean() for a, b in spans]))


def dry(level: Array) -> Array:
    """Levels without decaying parts, such as the echo of a pulse in a gap."""
    frames = level.shape[1]
    before = (
        np.pad(level, ((0, 0), (3, 0)))[:, :frames] + np.pad(level, ((0, 0), (2, 0)))[:, :frames]
    ) / 2
    kept: Array = level * np.clip(
        1 - (before - level - FALL_DB[0]) / (FALL_DB[1] - FALL_DB[0]), 0, 1
    )
    return kept


def _exact(decibels: Array, hertz: float, span: tuple[int, int]) -> float:
    """The exact pitch near ``hertz`` in the mean spectrum of ``span``: the vertex of a parabola
    through the highest bins."""
    first = int(hertz // BIN_HZ) - LOWEST - SEARCH
    mean = np.log(
        np.mean(10 ** (decibels[first : first + 2 * SEARCH + 2, span[0] : span[1]] / 10), axis=1)
    )
    top = int(np.clip(mean.argmax(), 1, len(mean) - 2))
    a, b, c = mean[top - 1 : top + 2]
    return float(first + LOWEST + top + (a - c) / (2 * (a - 2 * b + c) or 1)) * BIN_HZ


def _together(a: Array, b: Array, c: Array) -> Array:
    """The mean of the two largest of three; near zero if only one is large."""
    high, low = np.maximum(a, b), np.minimum(a, b)
    largest, second = np.maximum(high, c), np.maximum(low, np.minimum(high, c))
    both: Array = np.minimum((largest + second) / 2, 2 * np.maximum(second - CHANCE_DB, 0))
    return both


def _standing_out(decibels: Array) -> Array:
    """Level of a tone between bin k and k + 1 above the mean of the surrounding bins, at row k;
    rows without neighbours are zero."""
    width, last = FAR - NEAR + 1, len(decibels) - FAR - 1
    sums = np.zeros_like(decibels[width - 1 :])
    for step in range(width):
        sums += decibels[step : step + len(sums)]  # row k: bins k to k + width - 1
    below, above = sums[: last - FAR], sums[FAR + NEAR + 1 : last + NEAR + 1]
    around = np.maximum(
        (below + above) / 2, np.maximum(below, above) - STEP_DB * width
    ) / np.float32(width)
    out = np.zeros_like(decibels)
    np.maximum(
        np.maximum(decibels[FAR:last], decibels[FAR + 1 : last + 1]) - around, 0, out=out[FAR:last]
    )
    return out


@cache
def _listened() -> Iterable[tuple[Array, NDArray[np.int64]]]:
    """For each of ``PITCHES``, the pitches of its tracks, and their rows, shape (harmonics,
    tracks)."""
    found = []
    for pitch in PITCHES:
        # Two bins contain a tone; each of its harmonics must stay within its two.
        step = 2 * BIN_HZ if len(pitch.harmonics) == 1 else BIN_HZ / 3
        hertz = np.arange(pitch.limits[0], pitch.limits[1] + step / 2, step)
        rows = np.stack(
            [(hertz * harmonic // BIN_HZ).astype(int) - LOWEST for harmonic in pitch.harmonics]
        )
        found.append((hertz.astype(np.float32), rows))
    return tuple(found)
