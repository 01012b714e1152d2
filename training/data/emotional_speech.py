"""The four sets of acted and broadcast emotional speech, their licences, and the mapping of their
labels to a model's."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from earshot.audio.features import augment
from earshot.audio.features.spectra import Array
from training.data.datasets import RATE, Example, labelled

SETS = (
    ("emotion/ravdess", "CC BY-NC-SA 4.0"),
    ("emotion/emodb", "freely available, no licence stated"),
    ("emotion/nemo", "CC BY-NC-SA 4.0"),
    ("emotion/urdu", "research only"),
)

SPEEDS = ((0.86, 0.94), (1.06, 1.14))
"""Ranges of a random factor for a slower and deeper take of each utterance, and for a faster and
higher one."""


def utterances(data: Path, analysis: str, labels: Sequence[str]) -> list[Example]:
    """The recordings that map to one of ``labels`` of the analysis, by ``evaluation/labels``."""
    return labelled(data, analysis, labels, *(name for name, _ in SETS))


def trimmed(waveform: Array, floor: float = 0.03) -> Array:
    """Removes the silence at both ends, as a worker's VAD does: samples below ``floor`` of the
    loudest 20 ms."""
    hop = RATE // 50
    blocks = waveform[: len(waveform) // hop * hop].reshape(-1, hop)
    level = np.sqrt((blocks**2).mean(axis=1))
    loud = np.flatnonzero(level > floor * level.max(initial=0))
    return waveform[max(loud[0] - 5, 0) * hop : (loud[-1] + 6) * hop] if len(loud) else waveform


def takes(sound: Array, random: np.random.Generator) -> Iterator[Array]:
    """As recorded, slower, faster, over a telephone, and over a bad line: noise, a narrow band, or
    clipping."""
    yield sound
    for low, high in SPEEDS:
        yield augment.speed(sound, random.uniform(low, high))
    yield augment.telephone(augment.speed(sound, random.uniform(0.93, 1.07)))
    yield bad_line(sound, random)


def bad_line(sound: Array, random: np.random.Generator) -> Array:
    """Adds coloured noise 5 to 25 dB below; half of the takes through a telephone, a third
    clipped."""
    noise = augment.coloured(random, len(sound), random.uniform(0, 2), 0.05)
    changed = augment.mix(sound, noise, random.uniform(5, 25))
    if random.random() < 0.5:
        changed = augment.telephone(changed)
    if random.random() < 1 / 3:
        top = np.abs(changed).max(initial=1e-6) / random.uniform(2, 10)
        changed = np.clip(changed, -top, top)
    return changed


def no_speech(random: np.random.Generator, count: int) -> Iterator[Array]:
    """Noise of all colours, hum, music, tones and near-silence, each 3 s."""
    size = 3 * RATE
    time = np.arange(size) / RATE
    for i in range(count):
        if i % 4 == 0:
            yield augment.coloured(random, size, random.uniform(-1, 2), 0.05)
        elif i % 4 == 1:
            yield augment.melody(random, size, 0.05)
        elif i % 4 == 2:
            tones = [
                np.sin(2 * np.pi * 10 ** random.uniform(1.7, 3.7) * time)
                for _ in range(random.integers(1, 3))
            ]
            yield (
                0.05 * np.sum(tones, axis=0)
                + 10 ** random.uniform(-5, -2) * random.standard_normal(size)
            ).astype(np.float32)
        else:
            yield (
                augment.hum(random, size, 0.05)
                if random.random() < 0.5
                else np.zeros(size, np.float32)
            )
