"""Log-mel spectrograms and cepstral coefficients in plain numpy."""

from dataclasses import dataclass
from functools import cache
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]

BLOCK = 65_536
"""Samples transformed at once: 32 frames of a 2048-point transform, 128 of 512 points. They fit
into the processor's cache, and their arrays are too small to be returned to the system after each
block: a chunk takes 16 ms instead of 38."""


@dataclass(frozen=True)
class MelSpec:
    """Parameters of a checkpoint's log-mel spectrogram, stored in the checkpoint's metadata."""

    __pydantic_config__: ClassVar = {"extra": "forbid"}  # a key that is unknown changes the input

    n_fft: int
    hop: int  # samples
    n_mels: int
    fmin: float  # Hz
    fmax: float  # Hz
    window: int  # samples, periodic Hann; at most n_fft, the rest is zeros
    offset: float  # added before the logarithm, so that silence is finite
    sample_rate: int = 16_000  # Hz
    scale: Literal["htk", "slaney", "librosa"] = "htk"  # librosa: Slaney, straight in Hz
    power: Literal[1, 2] = 1  # of the magnitude that is summed into bands
    centre: bool = False  # mirror half a window at both ends: frame i is centred on sample i * hop


YAMNET = MelSpec(n_fft=512, window=400, hop=160, n_mels=64, fmin=125.0, fmax=7500.0, offset=0.001)
"""The front end of YAMNet (tensorflow/models, audioset/yamnet/params.py): log of 64 HTK bands of
the magnitude."""

CEPSTRAL = MelSpec(
    n_fft=512, window=400, hop=160, n_mels=64, fmin=60.0, fmax=7600.0, offset=1e-6, power=2
)
"""Default parameters of ``mfcc``; 64 bands leave room for 40 coefficients."""


def log_mel(waveform: Array, sample_rate: int, spec: MelSpec) -> Array:
    """Natural logarithm of mel-band sums of the spectrum.

    Args:
        waveform: mono, shape (samples,), in [-1, 1]. Shorter than one window: zeros are added.
    Returns:
        Shape (frames, n_mels), float32; at least one frame.
    Raises:
        ValueError: ``waveform`` is not mono, or its rate is not the one the spec was made for.
    """
    if waveform.ndim != 1:
        raise ValueError(
            f"log_mel needs one channel of shape (samples,), got {waveform.shape}; mix or pick a"
            " channel first"
        )
    if sample_rate != spec.sample_rate:
        raise ValueError(
            f"this spectrogram is defined at {spec.sample_rate} Hz, not {sample_rate} Hz; resample"
            " first"
        )
    bank, window = mel_bank(spec), hann(spec.window)
    rows = _frames(waveform, spec)
    mel = np.empty((len(rows), spec.n_mels), np.float32)
    size = BLOCK // spec.n_fft
    for start in range(0, len(rows), size):
        spectrum = np.fft.rfft(rows[start : start + size] * window, spec.n_fft)
        # The square of both parts takes a third of the time of the root and its square.
        magnitude = np.abs(spectrum) if spec.power == 1 else spectrum.real**2 + spectrum.imag**2
        mel[start : start + size] = magnitude @ bank
    mel += np.float32(spec.offset)
    return np.log(mel, out=mel)


def mfcc(waveform: Array, sample_rate: int, count: int = 40, spec: MelSpec = CEPSTRAL) -> Array:
    """Mel-frequency cepstral coefficients: the orthonormal DCT-II of the log-mel spectrogram.

    Returns:
        Shape (frames, count), float32. Coefficient 0 carries the level.
    """
    return log_mel(waveform, sample_rate, spec) @ dct(spec.n_mels, count)


def patches(frames: Array, length: int, hop: int) -> Array:
    """Cuts a spectrogram into windows for a network; a window that is too short is filled with its
    quietest values.

    Args:
        frames: shape (frames, bands). A rest of less than a patch is covered by one that ends with
            it.
    Returns:
        Shape (patches, length, bands); at least one patch.
    """
    missing = length - len(frames)
    if missing > 0:
        frames = np.concatenate(
            [frames, np.broadcast_to(frames.min(axis=0), (missing, frames.shape[1]))]
        )
    cut: Array = frames[starts(len(frames), length, hop)[:, None] + np.arange(length)]
    return cut


def starts(frames: int, length: int, hop: int) -> NDArray[np.int64]:
    """First frame of each patch that ``patches`` cuts."""
    last = max(frames - length, 0)
    regular = np.arange(0, last + 1, hop)
    return regular if regular[-1] == last else np.append(regular, last)


@cache
def mel_bank(spec: MelSpec) -> Array:
    """Triangles of height 1, shape (n_fft // 2 + 1, n_mels); the DC bin has weight zero.

    Source: HTK book eq. 5.13 and Slaney's Auditory Toolbox for the scales; straight in mel as in
    TensorFlow's ``linear_to_mel_weight_matrix``, used to train YAMNet, or in Hz as in librosa.
    """
    to_mel = _htk if spec.scale == "htk" else _slaney
    bins = np.linspace(0.0, spec.sample_rate / 2, spec.n_fft // 2 + 1)[1:, None]
    low, high = to_mel(np.array([spec.fmin, spec.fmax]))
    edges = np.linspace(low, high, spec.n_mels + 2)
    if spec.scale == "librosa":
        edges = _slaney_hertz(edges)
    else:
        bins = to_mel(bins)
    lower, centre, upper = edges[:-2], edges[1:-1], edges[2:]
    triangles = np.minimum((bins - lower) / (centre - lower), (upper - bins) / (upper - centre))
    return np.pad(np.maximum(triangles, 0.0), ((1, 0), (0, 0))).astype(np.float32)


def slaney_areas(spec: MelSpec) -> Array:
    """Scale of each of ``mel_bank``'s triangles to an area of 1 over Hz, as librosa has them; shape
    (n_mels,)."""
    low, high = _slaney(np.array([spec.fmin, spec.fmax]))
    hertz = _slaney_hertz(np.linspace(low, high, spec.n_mels + 2))
    areas: Array = (2.0 / (hertz[2:] - hertz[:-2])).astype(np.float32)
    return areas


@cache
def dct(n_in: int, n_out: int) -> Array:
    """Orthonormal DCT-II as a matrix of shape (n_in, n_out)."""
    basis = np.cos(np.pi / n_in * (np.arange(n_in)[:, None] + 0.5) * np.arange(n_out)) * np.sqrt(
        2.0 / n_in
    )
    basis[:, 0] /= np.sqrt(2.0)
    matrix: Array = basis.astype(np.float32)
    return matrix


@cache
def hann(length: int) -> Array:
    """Periodic Hann window."""
    return (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / length)).astype(np.float32)


def _frames(waveform: Array, spec: MelSpec) -> Array:
    """Overlapping rows of ``window`` samples, as a view if no padding is needed."""
    if spec.centre:
        edge = spec.window // 2
        waveform = np.pad(waveform, edge, mode="reflect" if len(waveform) > edge else "constant")
    if len(waveform) < spec.window:
        waveform = np.pad(waveform, (0, spec.window - len(waveform)))
    return np.lib.stride_tricks.sliding_window_view(waveform, spec.window)[:: spec.hop]


def _htk(hertz: NDArray[np.float64]) -> NDArray[np.float64]:
    return 1127.0 * np.log1p(hertz / 700.0)


def _slaney(hertz: NDArray[np.float64]) -> NDArray[np.float64]:
    """Linear to 1 kHz (200/3 Hz a mel), then 27 mels for a factor of 6.4."""
    above = 15.0 + 27.0 * np.log(np.maximum(hertz, 1000.0) / 1000.0) / np.log(6.4)
    return np.where(hertz < 1000.0, hertz * 3.0 / 200.0, above)


def _slaney_hertz(mels: NDArray[np.float64]) -> NDArray[np.float64]:
    """The inverse of ``_slaney``."""
    above = 1000.0 * np.exp((np.maximum(mels, 15.0) - 15.0) * np.log(6.4) / 27.0)
    return np.where(mels < 15.0, mels * 200.0 / 3.0, above)
