"""Packaged sounds for training a trunk: none with a piece of a labelled recording, rare ones drawn
often, all widely altered."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from earshot.audio.features import augment
from earshot.audio.features.spectra import YAMNET, Array
from earshot.audio.features.windows import WindowSpec, windows
from training.data.datasets import RATE
from training.data.packaged import Sounds
from training.fitting.crossval import Floats
from training.fitting.teacher import yamnet_outputs

APART = WindowSpec(mel=YAMNET, length=96, hop=96)
"""The teacher's windows side by side."""
STEP = WindowSpec(mel=YAMNET, length=96, hop=48)
"""Those of recordings, so that one begins within a quarter of a second of every packaged window."""
ALIKE, SAME = 0.9, 0.3
"""Cosine of the teacher's features above which two windows are compared sample by sample, and the
correlation of a second, at the best shift, above which a packaged sound counts as containing a
piece of a recording."""
QUICK = 1600
"""Lengths are multiples of this many samples: a Fourier transform of a prime length takes ten times
as long."""
LOUDNESS = 0.05  # RMS of drawn sounds before they are mixed


@dataclass(frozen=True)
class Outputs:
    """The teacher's outputs for unaltered sounds."""

    owner: NDArray[np.int64]  # position of each window's sound
    place: NDArray[np.int64]  # number of the window in its sound
    scores: Floats  # (windows, 521)
    features: NDArray[np.float16]  # of unit length, (windows, 1024)


def outputs_of(waveforms: Iterable[Array], models: Path, spec: WindowSpec = APART) -> Outputs:
    """Runs the teacher."""
    owner, place, scores, features = [], [], [], []
    for i, each in enumerate(waveforms):
        outputs, features_here = yamnet_outputs(models, windows(each, RATE, spec))
        owner += [i] * len(outputs)
        place += range(len(outputs))
        scores.append(outputs)
        features.append(
            (
                features_here
                / np.maximum(np.linalg.norm(features_here, axis=1, keepdims=True), 1e-6)
            ).astype(np.float16)
        )
    return Outputs(
        np.array(owner), np.array(place), np.concatenate(scores), np.concatenate(features)
    )


def recorded_too(
    sounds: Sounds, outputs: Outputs, recordings: Sequence[Array], judged: Outputs
) -> NDArray[np.bool_]:
    """For each sound, true if it contains a piece of a recording, as two archives of free sounds
    may: those are excluded from training.

    Args:
        outputs: of the sounds.
        judged: of the recordings, by windows that begin every ``STEP``.
    """
    found = np.zeros(len(sounds), bool)
    for mine, theirs in zip(*nearest(outputs, judged), strict=True):
        sound, recording = int(outputs.owner[mine]), recordings[judged.owner[theirs]]
        at, there = (
            int(judged.place[theirs]) * STEP.hop * YAMNET.hop,
            int(outputs.place[mine]) * APART.hop * YAMNET.hop,
        )
        area = sounds.waveform(sound, slice(max(there - RATE, 0), there + 2 * RATE))
        found[sound] |= correlation(recording[at : at + RATE], area) > SAME
    return found


def nearest(outputs: Outputs, judged: Outputs) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """For each sound and recording with similar features anywhere, the most similar windows."""
    wanted = judged.features.astype(np.float32).T
    mine, theirs, alike = [], [], []
    for part in np.array_split(np.arange(len(outputs.owner)), max(len(outputs.owner) // 500, 1)):
        cosine = outputs.features[part].astype(np.float32) @ wanted
        rows, columns = np.nonzero(cosine > ALIKE)
        mine.append(part[rows])
        theirs.append(columns)
        alike.append(cosine[rows, columns])
    windows_of, others = np.concatenate(mine), np.concatenate(theirs)
    order = np.argsort(-np.concatenate(alike), kind="stable")
    pair = outputs.owner[windows_of] * len(judged.owner) + judged.owner[others]
    _, first = np.unique(pair[order], return_index=True)
    return windows_of[order[first]], others[order[first]]


def correlation(one: Array, other: Array) -> float:
    """The largest correlation of the shorter with any piece of the longer, at any shift, computed
    on differences between samples, since all rumble is alike."""
    short, long = sorted((np.diff(one), np.diff(other)), key=len)
    length = 1 << (len(long) + len(short)).bit_length()
    product = np.fft.irfft(np.fft.rfft(long, length) * np.conj(np.fft.rfft(short, length)), length)[
        : len(long) - len(short) + 1
    ]
    power = np.cumsum(np.append(0.0, np.square(long, dtype=np.float64)))
    energy = np.maximum(power[len(short) :] - power[: len(power) - len(short)], 1e-3 * power[-1])
    return float(
        (
            np.abs(product)
            / np.sqrt(np.maximum(energy * np.square(short, dtype=np.float64).sum(), 1e-9))
        ).max()
    )


class Draws:
    """Excerpts of sounds; sounds with frequent teacher classes are drawn least."""

    def __init__(self, sounds: Sounds, outputs: Outputs, seed: int) -> None:
        self.sounds, self.outputs, self.random = sounds, outputs, np.random.default_rng(seed)
        best = outputs.scores.argmax(axis=1)
        often, long = np.bincount(best)[best], np.bincount(outputs.owner)[outputs.owner]
        weight = (often + 30.0) ** -0.75 * np.minimum(long, 8) ** -0.5
        self.until = np.cumsum(weight / weight.sum())

    def sound(self) -> Array:
        """One excerpt, or two at once; occasionally with noise or through a telephone; at any
        level."""
        random = self.random
        samples = self._changed(random.uniform(1.5, 4.5))
        if random.random() < 0.35:
            samples = augment.mix(samples, self._changed(4.0), random.uniform(-3, 20))
        if random.random() < 0.2:
            hiss = augment.coloured(random, len(samples), random.uniform(-1, 2.5), 0.1)
            samples = augment.mix(samples, hiss, random.uniform(0, 30))
        if random.random() < 0.1:
            samples = augment.telephone(samples)
        return augment.limited((samples * 10 ** random.uniform(-1.2, 0.9)).astype(np.float32))

    def _changed(self, seconds: float) -> Array:
        """An excerpt, perhaps reversed, at another pitch and tempo, through another microphone, in
        a room."""
        random = self.random
        samples = self._excerpt(int(seconds * RATE))
        if random.random() < 0.12:
            samples = samples[::-1].copy()
        if random.random() < 0.6:
            samples = augment.speed(samples, 2 ** random.uniform(-0.7, 0.7))
        samples = samples[: max(len(samples) // QUICK * QUICK, QUICK)]
        if random.random() < 0.6:
            samples = augment.tilted(samples, random.uniform(-5, 5))
        if random.random() < 0.25:
            samples = augment.in_a_room(samples, random)
        return (samples * (LOUDNESS / max(augment.rms(samples), 1e-5))).astype(np.float32)

    def _excerpt(self, length: int) -> Array:
        window = min(int(np.searchsorted(self.until, self.random.random())), len(self.until) - 1)
        sound = int(self.outputs.owner[window])
        start = int(self.outputs.place[window]) * APART.hop * YAMNET.hop + int(
            self.random.integers(-RATE // 2, RATE // 2)
        )
        start = max(
            min(start, int(self.sounds.begins[sound + 1] - self.sounds.begins[sound]) - length), 0
        )
        return self.sounds.waveform(sound, slice(start, start + length))
