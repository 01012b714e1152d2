"""Fundamental frequency and voicing of speech by autocorrelation, all frames at once."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from earshot.audio.features.spectra import Array, hann

LOWEST, HIGHEST = 60.0, 420.0
"""Hz: speaking voices, from low men to excited women."""

WINDOW_SEC, HOP_SEC = 0.04, 0.01

VOICED = 0.5
"""Minimum voicing of a voiced frame. ``pitch`` gives hertz for every frame; only voiced frames have
a pitch."""

AT_ONCE = 128
"""Frames transformed at once, as ``earshot.audio.features.spectra.BLOCK`` has it."""

RATE = 8_000
"""Sample rate used, Hz: the strong harmonics of a voice lie below 4 kHz, and transforms take half
the time of those at 16 kHz."""
SHORTEST, LONGEST = int(RATE / HIGHEST), int(RATE / LOWEST)
"""Periods, in samples."""


def pitch(waveform: Array, sample_rate: int) -> tuple[Array, Array]:
    """Pitch and voicing per frame of 40 ms, every 10 ms.

    The window's own autocorrelation is divided out (Boersma 1993), and of peaks nearly as high as
    the highest the shortest period wins, which keeps octave errors rare. A parabola through the
    peak gives periods between two samples.

    Returns:
        Hertz and voicing (peak of the normalised autocorrelation, 0..1), both of shape (frames,);
        at least one frame. Hertz are meaningless where voicing is not above ``VOICED``.
    """
    import soxr

    size, hop = int(WINDOW_SEC * RATE), int(HOP_SEC * RATE)
    if sample_rate != RATE:
        waveform = soxr.resample(waveform, sample_rate, RATE, quality="LQ")
    padded = np.pad(waveform, (0, max(size - len(waveform), 0)))
    rows = np.lib.stride_tricks.sliding_window_view(padded, size)[::hop]
    own = np.maximum(_autocorrelation(hann(size)[None, :]), 0.05)
    curve = np.concatenate(
        [
            _autocorrelation((part - part.mean(axis=1, keepdims=True)) * hann(size)) / own
            for part in (rows[i : i + AT_ONCE] for i in range(0, len(rows), AT_ONCE))
        ]
    )
    best = curve.max(axis=1)
    first = (curve >= 0.9 * best[:, None]).argmax(axis=1)
    period = SHORTEST + _top(curve, first + _climb(curve, first))
    return (RATE / period).astype(np.float32), np.clip(best, 0, 1).astype(np.float32)


def _autocorrelation(rows: Array) -> Array:
    """At lags from ``SHORTEST`` to ``LONGEST``, normalised by the zero lag; rows of silence give
    zeros."""
    size = 1 << (rows.shape[1] + LONGEST).bit_length()
    spectrum = np.fft.rfft(rows, size)
    raw = (spectrum.real**2 + spectrum.imag**2) @ _cosines(size)
    normal: Array = (raw[:, 1:] / np.maximum(raw[:, :1], 1e-7)).astype(np.float32, copy=False)
    return normal


@cache
def _cosines(size: int) -> Array:
    """The matrix from the power of ``size // 2 + 1`` bins to the autocorrelation at lag zero and at
    the lags used: a quarter of the output of an inverse transform."""
    lags = np.array([0, *range(SHORTEST, LONGEST + 1)])
    bins = np.arange(size // 2 + 1)
    twice = np.where((bins == 0) | (bins == size // 2), 1, 2) / size
    cosines: Array = (
        twice[:, None] * np.cos(2 * np.pi / size * (bins[:, None] * lags % size))
    ).astype(np.float32)
    return cosines


def _climb(curve: Array, start: NDArray[np.int64]) -> NDArray[np.int64]:
    """Steps from ``start`` to the top of its peak, at most 4."""
    places = np.minimum(start[:, None] + np.arange(5), curve.shape[1] - 1)
    steps: NDArray[np.int64] = np.take_along_axis(curve, places, axis=1).argmax(axis=1)
    return steps


def _top(curve: Array, peak: NDArray[np.int64]) -> NDArray[np.float64]:
    """Position of the vertex of the parabola through each peak and its neighbours; the peak itself
    at the edges."""
    inside = np.clip(peak, 1, curve.shape[1] - 2)
    rows = np.arange(len(curve))
    left, middle, right = (curve[rows, inside + step].astype(np.float64) for step in (-1, 0, 1))
    bend = left - 2 * middle + right
    summit = np.where(bend < -1e-9, 0.5 * (left - right) / np.minimum(bend, -1e-9), 0.0)
    return np.where(peak == inside, peak + np.clip(summit, -0.5, 0.5), peak)
