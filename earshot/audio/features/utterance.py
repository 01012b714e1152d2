"""The feature vector of an utterance for acoustic sentiment: statistics of 40 MFCC, and prosody
(002-20, C-38)."""

import numpy as np

from earshot.audio.features.level import centred, levelled
from earshot.audio.features.pitch import VOICED, pitch
from earshot.audio.features.spectra import Array, mfcc

FEATURES = "mfcc40x5+prosody16/2"
"""Name of this vector; a checkpoint stores the name it was trained with. The number increases when
a formula changes."""

WIDTH = 216
"""Number of values."""

LEVEL = 0.05
"""RMS to which utterances are scaled: loudness is a property of the line, not of the voice."""


def describe(waveform: Array, sample_rate: int) -> Array:
    """Shape (216,), finite for any input: mean, deviation, 10th and 90th percentile and mean step
    of each of 40 MFCC, then ``prosody``."""
    waveform = levelled(centred(waveform), LEVEL)
    tracks = np.ascontiguousarray(mfcc(waveform, sample_rate).T)
    steps = np.abs(np.diff(tracks)) if tracks.shape[1] > 1 else np.zeros_like(tracks)
    statistics = [
        tracks.mean(axis=1),
        tracks.std(axis=1),
        *_quantiles(tracks, 0.1, 0.9),
        steps.mean(axis=1),
    ]
    return np.concatenate([*statistics, prosody(waveform, sample_rate)]).astype(np.float32)


def prosody(waveform: Array, sample_rate: int) -> Array:
    """Shape (16,): six values of the pitch in semitones, three of voicing, five of loudness in dB,
    and two of pace."""
    hertz, voicing = pitch(waveform, sample_rate)
    voiced = voicing > VOICED
    tones = 12 * np.log2(hertz[voiced] / 100) if voiced.any() else np.zeros(1, np.float32)
    low, middle, high = _quantiles(tones, 0.1, 0.5, 0.9)
    loudness = _loudness(waveform, sample_rate)
    quiet, loud = _quantiles(loudness, 0.1, 0.9)
    seconds = max(len(waveform) / sample_rate, 0.1)
    return np.array(
        [
            tones.mean(), tones.std(), low, middle, high,
            np.abs(np.diff(tones)).mean() if len(tones) > 1 else 0.0, voiced.mean(), voicing.mean(),
            voicing.std(), loudness.std(), quiet, loud, loud - quiet,
            np.abs(np.diff(loudness)).mean() if len(loudness) > 1 else 0.0,
            _onsets(loudness) / seconds, np.count_nonzero(np.diff(voiced)) / seconds,
        ],
        np.float32,
    )  # fmt: skip


def _quantiles(values: Array, *shares: float) -> list[Array]:
    """Quantiles along the last axis, linearly interpolated as numpy's; one sort for all takes a
    quarter of its time."""
    ordered, found = np.sort(values), []
    for share in shares:
        below, part = divmod(share * (values.shape[-1] - 1), 1)
        low, high = (
            ordered[..., int(below)],
            ordered[..., min(int(below) + 1, values.shape[-1] - 1)],
        )
        found.append(low + (high - low) * np.float32(part))
    return found


def _loudness(waveform: Array, sample_rate: int) -> Array:
    """Level of every 20 ms in dB, at least -80; at least one value."""
    size = sample_rate // 50
    padded = np.pad(waveform, (0, -len(waveform) % size or (size if len(waveform) == 0 else 0)))
    power = np.square(padded).reshape(-1, size).mean(axis=1)
    decibels: Array = 10 * np.log10(power + np.float32(1e-8))
    return decibels


def _onsets(loudness: Array) -> int:
    """Rises of more than 6 dB within 60 ms: roughly the stressed syllables."""
    rises = loudness[3:] - loudness[:-3] > 6
    return int(np.count_nonzero(rises[1:] & ~rises[:-1]))
