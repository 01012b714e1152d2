"""Training data of the speaker network: utterances as mel power at three speeds, and augmented
crops of them."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soxr
from numpy.typing import NDArray

from earshot.audio.features.level import levelled
from earshot.audio.features.spectra import MelSpec, log_mel
from training.data.datasets import Example, waveform

Floats = NDArray[np.float32]

SPEC = MelSpec(
    n_fft=512, window=400, hop=160, n_mels=40, fmin=60.0, fmax=7600.0, offset=1e-6, power=2
)
SPEEDS = (1.0, 0.9, 1.1)
"""A voice at another speed counts as another voice: three speeds are three times the speakers."""
LEVEL = 0.05
"""RMS of every utterance."""
NARROW = 32
"""First mel band of SPEC above 4 kHz: telephone recordings are empty from here on."""


def voices(rows: Sequence[Example], speeds: Sequence[float] = SPEEDS) -> list[Floats]:
    """Mel power of every utterance at every speed, each of shape (frames, bands); all speeds of a
    row are neighbours."""
    return [
        np.exp(log_mel(levelled(_played(row.path, speed), LEVEL), SPEC.sample_rate, SPEC))
        for row in rows
        for speed in speeds
    ]


def _played(path: Path, speed: float) -> Floats:
    samples = waveform(path)
    return (
        samples
        if speed == 1.0
        else np.asarray(
            soxr.resample(samples, SPEC.sample_rate * speed, SPEC.sample_rate), np.float32
        )
    )


def crops(
    voice: Sequence[Floats], chosen: NDArray[np.int64], frames: int, random: np.random.Generator
) -> Floats:
    """One random stretch of each chosen utterance, shape (rows, frames, bands)."""
    return np.stack([_crop(voice[index], frames, random) for index in chosen])


def _crop(power: Floats, frames: int, random: np.random.Generator) -> Floats:
    start = int(random.integers(0, max(1, len(power) - frames)))
    stretch = power[start : start + frames]
    return np.pad(stretch, ((0, frames - len(stretch)), (0, 0)), mode="wrap")


def harder(power: Floats, others: Floats, random: np.random.Generator) -> Floats:
    """Log-mel of the crops with an echo, steady noise or other voices added, and some without the
    band above 4 kHz.

    Powers add, because voices and noise are uncorrelated. ``others``: crops of the same shape.
    """
    rows, frames, bands = power.shape
    loud = power.mean(axis=(1, 2), keepdims=True)
    power = power + _some(rows, 0.5, random) * random.uniform(0.1, 0.6, (rows, 1, 1)) * _echo(
        power, random
    )
    tilt = np.exp(
        random.normal(0, 1.5, (rows, 1, 1)) * np.linspace(1, -1, bands)
        + random.normal(0, 0.5, (rows, 1, bands))
    )
    steady = tilt * random.gamma(4.0, 0.25, (rows, frames, bands))
    for noise, share in ((steady, 0.6), (others, 0.3)):
        below = 10 ** (-random.uniform(3, 25, (rows, 1, 1)) / 10)
        power = power + _some(rows, share, random) * below * loud * noise / noise.mean(
            axis=(1, 2), keepdims=True
        )
    narrow = random.random(rows) < 0.3
    power[narrow, :, NARROW:] = 0.0
    return np.log(power + SPEC.offset).astype(np.float32)


def _some(rows: int, share: float, random: np.random.Generator) -> NDArray[np.bool_]:
    return random.random((rows, 1, 1)) < share


def _echo(power: Floats, random: np.random.Generator) -> Floats:
    """Adds an echo that decays by 60 dB in 0.2 to 0.8 s, as in a room."""
    keep = np.exp(-13.8 * 0.01 / random.uniform(0.2, 0.8, (len(power), 1))).astype(np.float32)
    echo = np.zeros_like(power)
    for frame in range(1, power.shape[1]):
        echo[:, frame] = keep * echo[:, frame - 1] + (1 - keep) * 3 * power[:, frame - 1]
    return echo
