"""Fundamental frequency and voicing of speech by autocorrelation, all frames at once."""

import numpy as np
from numpy.typing import NDArray

from audio.features import BLOCK, Array, hann

LOWEST, HIGHEST = 60.0, 420.0
"""Hz: speaking voices, from low men to excited women."""

WINDOW_SEC, HOP_SEC = 0.04, 0.01


def pitch(waveform: Array, sample_rate: int) -> tuple[Array, Array]:
    """Pitch and voicing per frame of 40 ms, every 10 ms.

    The window's own autocorrelation is divided out (Boersma 1993), and of peaks nearly as high as the highest the shortest
    period wins, which keeps octave errors rare.

    Returns:
        Hertz and voicing (peak of the normalised autocorrelation, 0..1), both of shape (frames,); at least one frame.
    """
    size, hop = int(WINDOW_SEC * sample_rate), int(HOP_SEC * sample_rate)
    padded = np.pad(waveform, (0, max(size - len(waveform), 0)))
    rows = np.lib.stride_tricks.sliding_window_view(padded, size)[::hop]
    lags = np.arange(int(sample_rate / HIGHEST), int(sample_rate / LOWEST) + 1)
    own = _autocorrelation(hann(size)[None, :])[0]
    curves = [
        _autocorrelation((part - part.mean(axis=1, keepdims=True)) * hann(size))[:, lags] / np.maximum(own[lags], 0.05)
        for part in (rows[i : i + BLOCK] for i in range(0, len(rows), BLOCK))
    ]
    curve = np.concatenate(curves)
    best = curve.max(axis=1)
    first = (curve >= 0.9 * best[:, None]).argmax(axis=1)
    peak = first + _climb(curve, first)
    return (sample_rate / lags[peak]).astype(np.float32), np.clip(best, 0, 1).astype(np.float32)


def _autocorrelation(rows: Array) -> Array:
    """Normalised by the zero lag; rows of silence give zeros."""
    spectrum = np.fft.rfft(rows, 2 * rows.shape[1])
    raw = np.fft.irfft(np.abs(spectrum) ** 2)[:, : rows.shape[1]]
    normal: Array = (raw / np.maximum(raw[:, :1], 1e-7)).astype(np.float32)
    return normal


def _climb(curve: Array, start: NDArray[np.int64]) -> NDArray[np.int64]:
    """Steps from ``start`` to the top of the peak that it is on the flank of, at most 8."""
    places = np.minimum(start[:, None] + np.arange(9), curve.shape[1] - 1)
    steps: NDArray[np.int64] = np.take_along_axis(curve, places, axis=1).argmax(axis=1)
    return steps
