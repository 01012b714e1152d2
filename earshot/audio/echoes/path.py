"""Measures how much of one channel is a later and fainter copy of another: a search for the delay,
and a prediction in sub-bands."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Spectrum = NDArray[np.complex64]

RATE = 8_000
"""Hz: the band of a telephone line is enough to detect an echo, at half the work."""
HALF_BAND = tuple(float(np.sinc(k / 2) / 2 * np.hanning(13)[6 + k]) for k in (1, 3, 5))
"""One side of a low pass at a quarter of the sample rate, without its middle, which is a half."""
EDGE = 2 * len(HALF_BAND)
"""Samples before and behind that ``halved`` needs."""
LONGEST_DELAY = RATE // 2
"""Maximum samples between a voice and its echo, either way."""

CELL = 2 * RATE
"""Samples per delay and prediction: long enough for an estimate, too short for clocks to drift.
With ``LONGEST_DELAY`` a length with a fast transform."""

FRAME, HOP = 256, 128
"""Samples of a frame, 32 ms, and between two."""
LOWEST, HIGHEST = 6, 120
"""Bands used, of 31.25 Hz each: 190 to 3,750 Hz, which every telephone line carries. Every second
one is predicted: by the window, each holds half of its neighbours too."""
CELL_FRAMES = CELL // HOP
TAPS = 6
"""Frames of the source used to predict a frame of the echo: 96 ms of a room."""
BEFORE, BEHIND = (TAPS - 1) * HOP + (FRAME - HOP) // 2, (FRAME - HOP) // 2
"""Samples around a cell needed by its frames, each in the middle of its own ``HOP``, and their
predictions."""
SMOOTHED = 11
"""Frames, 176 ms, over which powers are averaged."""
REGULARISED = 1e-3
"""Of a band's power, so that empty bands predict nothing."""
WHITENED = 0.75
"""Exponent of the whitening of the spectra's magnitude; 1 would raise the noise of empty bands to
the level of speech."""
_HANN = np.hanning(FRAME + 1)[:-1].astype(np.float32)


@dataclass(frozen=True)
class Delay:
    """Samples by which the second channel is later than the first (below 0: earlier), and the
    prominence of that peak."""

    samples: int
    prominence: float


@dataclass(frozen=True)
class Explanation:
    """Power of the echo's channel in every frame of a cell, the residual of the prediction, and the
    greatest power of the source in the frames used for it, all per sample as of white noise; and
    the power of the prediction over that of the source."""

    total: Array
    left: Array
    source: Array
    gain: float


def halved(samples: Array) -> Array:
    """Every second sample, from ``EDGE`` on, of sound of twice ``RATE``, low-passed at 4 kHz."""
    count = (len(samples) - 2 * EDGE) // 2
    half = samples[EDGE : EDGE + 2 * count : 2] * np.float32(0.5)
    for place, weight in zip((1, 3, 5), HALF_BAND, strict=True):
        both = samples[EDGE - place :: 2][:count] + samples[EDGE + place :: 2][:count]
        half += both * np.float32(weight)
    return half


def delays(one: Array, other: Array) -> list[Delay]:
    """The most likely delay of ``other`` against ``one``, at 0 and above and below 0; both of
    ``CELL`` samples."""
    size = len(one) + LONGEST_DELAY
    cross = np.conj(np.fft.rfft(one, size)) * np.fft.rfft(other, size)
    cross /= np.maximum(np.abs(cross), np.float32(1e-20)) ** np.float32(WHITENED)
    cross[: size * LOWEST // FRAME] = 0
    cross[size * HIGHEST // FRAME :] = 0
    curve = np.fft.irfft(cross, size)
    half = LONGEST_DELAY
    scale = 1 / max(float(np.sqrt(np.mean(np.square(curve)))), 1e-20)
    later, earlier = np.abs(curve[: half + 1]), np.abs(curve[-half:])
    ahead, behind = int(later.argmax()), int(earlier.argmax())
    return [
        Delay(ahead, float(later[ahead]) * scale),
        Delay(behind - half, float(earlier[behind]) * scale),
    ]


def explanation(source: Array, echo: Array) -> Explanation:
    """The part of ``echo`` explained by ``source`` in each of the cell's frames.

    Args:
        source: samples from ``BEFORE`` the cell to ``BEHIND`` it, brought to the echo's time;
            likewise ``echo``.
    """
    one, other = _spectra(source), _spectra(echo)
    predicted = _predicted(
        one, other, np.reciprocal(np.maximum(_smoothed(_power(other)), 1e-12), dtype=np.float32)
    )
    other, power = other[:, TAPS - 1 :], _power(one)
    gain = float(_power(predicted).sum() / max(float(power[TAPS - 1 :].sum()), 1e-20))
    scale = np.float32(
        1 / (_HANN @ _HANN * len(other))
    )  # white noise of power 1 a sample has power 1 then
    before = np.lib.stride_tricks.sliding_window_view(_smoothed(power * scale), TAPS).max(axis=1)
    return Explanation(
        _smoothed(_power(other) * scale), _smoothed(_power(other - predicted) * scale), before, gain
    )


def _spectra(samples: Array) -> Spectrum:
    """Spectra of the frames in the bands used, shape (bands, frames)."""
    frames = np.lib.stride_tricks.sliding_window_view(samples, FRAME)[::HOP]
    return np.ascontiguousarray(np.fft.rfft(frames * _HANN)[:, LOWEST:HIGHEST:2].T)


def _predicted(source: Spectrum, echo: Spectrum, weights: Array) -> Spectrum:
    """Least squares in every band, weighted by frame, so that a voice much louder than its echo
    does not dominate."""
    count = source.shape[1] - TAPS + 1
    taps = np.lib.stride_tricks.sliding_window_view(source, count, axis=1)  # (bands, taps, frames)
    conjugate = taps.conj() * weights[TAPS - 1 :]
    square = conjugate @ taps.transpose(0, 2, 1)
    right = conjugate @ echo[:, TAPS - 1 :, None]
    power = np.trace(square, axis1=1, axis2=2).real / TAPS
    loading = np.maximum(REGULARISED * power, 1e-20).astype(np.float32)
    filters = np.linalg.solve(
        square + loading[:, None, None] * np.eye(TAPS, dtype=np.float32), right
    )
    return (filters.astype(np.complex64).transpose(0, 2, 1) @ taps)[:, 0]


def _power(bands: Spectrum) -> Array:
    """Power of every frame."""
    power: Array = np.square(bands.real).sum(axis=0) + np.square(bands.imag).sum(axis=0)
    return power


def _smoothed(power: Array) -> Array:
    """Averaged over ``SMOOTHED`` frames; fewer at the ends."""
    kernel = np.ones(SMOOTHED, np.float32)
    smooth: Array = np.convolve(power, kernel, mode="same") / np.convolve(
        np.ones_like(power), kernel, mode="same"
    )
    return smooth
