"""Cuts the sounds of ``training.recipes.noise.sounds`` into windows, with many alterations, and
labels each by the teacher."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from earshot.audio.features import augment
from earshot.audio.features.level import SILENT
from earshot.audio.features.spectra import YAMNET, Array
from earshot.audio.features.windows import WindowSpec, window_loudness, windows
from training.data.datasets import RATE, Example
from training.data.lines import available, line, through
from training.fitting.crossval import Floats, WindowSet
from training.fitting.teacher import yamnet_outputs
from training.recipes.noise import sounds as noise_sounds

SPEC = WindowSpec(mel=YAMNET, length=96, hop=48)
"""The teacher's own windows, 0.96 s each: scene uses the same, and the student receives exactly the
teacher's input."""


@dataclass(frozen=True)
class Material:
    """All windows: recording of each, true if unaltered, and the teacher's outputs."""

    windows: WindowSet
    scores: Floats
    features: Floats


def build(rows: Sequence[Example], voices: Sequence[Array], models: Path) -> Material:
    """Windows of every sound and of altered copies. The sound mixed in is a voice that is never
    evaluated, or a sound of the same group: so no copy carries anything into another fold."""
    random = np.random.default_rng(0)
    sounds = [noise_sounds.sound(row, random, voices) for row in rows]
    neighbours = _neighbours(rows)
    inputs, scores, features, owner, clean = [], [], [], [], []
    for i, row in enumerate(rows):
        for copy, samples in enumerate(_copies(i, row, sounds, neighbours, voices, random)):
            cut = audible(samples)
            shares, features_here = yamnet_outputs(models, cut)
            inputs.append(cut.astype(np.float16))
            scores.append(shares.astype(np.float16))
            features.append(features_here.astype(np.float16))
            owner += [i] * len(cut)
            clean += [copy == 0] * len(cut)
    owners = np.array(owner)
    cut = np.concatenate(inputs)
    return Material(
        WindowSet(cut, owners, np.array(clean)), np.concatenate(scores), np.concatenate(features)
    )


def audible(samples: Array) -> Array:
    """The windows that the worker would count: ESC-50 clips are padded with digital silence, which
    is no information."""
    cut = windows(samples, RATE, SPEC)
    loud = window_loudness(samples[None], RATE, SPEC) >= SILENT
    return cut[loud] if loud.any() else cut


def _copies(
    i: int,
    row: Example,
    sounds: Sequence[Array],
    neighbours: dict[str, list[int]],
    voices: Sequence[Array],
    random: np.random.Generator,
) -> Iterator[Array]:
    """The sound itself, which is evaluated, then altered copies."""
    sound = sounds[i]
    yield sound
    if row.label == noise_sounds.NOTHING:
        return
    yield altered(sound, random)
    # Of everything: where only noise comes over telephones, a telephone is taken for noise.
    yield line(altered(sound, random), random)
    if not row.source.startswith(noise_sounds.RECORDED):
        return
    for _ in range(2):
        yield altered(sound, random)
    other = sounds[random.choice(neighbours[row.group])]
    yield altered(augment.mix(sound, other, random.uniform(6, 20)), random)
    voice = voices[random.integers(len(voices))]
    yield altered(augment.mix(sound, voice, random.uniform(-5, 12)), random)


def telephoned(rows: Sequence[Example], voices: Sequence[Array], models: Path) -> Material:
    """Every sound over a telephone, the codecs dealt out in turn; nothing is trained on these."""
    random = np.random.default_rng(1)
    codecs = available()
    inputs, scores, features, owner = [], [], [], []
    for i, row in enumerate(rows):
        cut = audible(
            through(noise_sounds.sound(row, random, voices), codecs[i % len(codecs)], random)
        )
        shares, features_here = yamnet_outputs(models, cut)
        inputs.append(cut.astype(np.float16))
        scores.append(shares.astype(np.float16))
        features.append(features_here.astype(np.float16))
        owner += [i] * len(cut)
    cut = np.concatenate(inputs)
    return Material(
        WindowSet(cut, np.array(owner), np.ones(len(cut), bool)),
        np.concatenate(scores),
        np.concatenate(features),
    )


def _neighbours(rows: Sequence[Example]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for i, row in enumerate(rows):
        found.setdefault(row.group, []).append(i)
    return found


def altered(samples: Array, random: np.random.Generator) -> Array:
    """Alters the start, level and speed, and adds another microphone, a room, noise, or a
    telephone."""
    samples = samples[random.integers(RATE // 2) :] if len(samples) > 2 * RATE else samples
    level = augment.rms(samples)
    if random.random() < 0.5:
        samples = augment.speed(samples, random.uniform(0.8, 1.25))
    if random.random() < 0.5:
        samples = augment.tilted(samples, random.uniform(-4, 4))
    if random.random() < 0.25:
        samples = augment.in_a_room(samples, random)
    if random.random() < 0.3 and level > SILENT:
        hiss = augment.coloured(random, len(samples), random.choice([0.0, 1.0, 2.0]), 0.1)
        samples = augment.mix(samples, hiss, random.uniform(12, 30))
    if random.random() < 0.2:
        samples = augment.telephone(samples)
    return augment.limited((samples * 10 ** random.uniform(-0.8, 0.3)).astype(np.float32))


def softer(inputs: Floats) -> Floats:
    """The same windows, each up to 16 dB lower: bands are sums of the magnitude, so they scale
    alike."""
    gains = 10 ** np.random.default_rng(0).uniform(-0.8, 0, (len(inputs), 1, 1)).astype(np.float32)
    bands = np.exp(inputs.astype(np.float32)) - np.float32(SPEC.mel.offset)
    return np.log(gains * np.maximum(bands, 0) + np.float32(SPEC.mel.offset)).astype(inputs.dtype)


def kept(path: Path, make: Callable[[], Material]) -> Material:
    """The result of ``make``, computed once and read from ``path`` afterwards."""
    if not path.is_file():
        made = make()
        np.savez(path, **vars(made.windows), scores=made.scores, features=made.features)
    with np.load(path) as file:
        found = dict(file)
    scores, features = found.pop("scores"), found.pop("features")
    return Material(WindowSet(**found), scores, features)
