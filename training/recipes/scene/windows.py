"""Training windows of scene, with the labels by YAMNet and by people."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from earshot.analysis.findings import SCENES
from earshot.audio.features import augment
from earshot.audio.features.level import SILENT
from earshot.audio.features.spectra import Array
from earshot.audio.features.windows import window_loudness, windows
from earshot.models.sound.audioset import classes
from training.data.datasets import RATE, Example
from training.fitting.crossval import WindowSet
from training.fitting.teacher import shares, yamnet
from training.recipes.noise.windows import SPEC
from training.recipes.scene import sounds

SILENCE = SCENES.index("silence")

HUMAN = 0.5
"""Weight of the human label in the target of an audible window; the rest is YAMNet's output."""
COPIES = {"music": 6, "other": 3}
"""Altered copies of each recording of rare labels; else 2."""
MADE = 110
"""Generated pieces of 4 s of each kind of music; of everything else a quarter of that."""


@dataclass(frozen=True)
class Taught:
    """``windows.owner`` is the position of a recording, or -1 for generated sound."""

    windows: WindowSet
    targets: Array  # target shares of the scenes, shape (windows, 5)


def kept(path: Path, make: Callable[[], Taught]) -> Taught:
    """The result of ``make``, computed once and read from ``path`` afterwards."""
    if not path.is_file():
        made = make()
        np.savez(path, **vars(made.windows), targets=made.targets)
    with np.load(path) as file:
        found = dict(file)
    targets = found.pop("targets")
    return Taught(WindowSet(**found), targets)


class Lessons:
    """Collects windows with their targets."""

    def __init__(self, models: Path, seed: int) -> None:
        self.random = np.random.default_rng(seed)
        self.models = models
        self.parts: list[tuple[Array, Array, int, bool]] = []

    def add(self, owner: int, samples: Array, label: str | None, clean: bool) -> None:
        """Adds windows of one waveform with YAMNet's outputs; some altered copies reach the student
        through a telephone, YAMNet never. Speech is labelled before its level is changed: distant
        voices are voices, though YAMNet classifies them as silence."""
        cut = windows(samples, RATE, SPEC)
        scores = yamnet(self.models, cut)
        gain = np.float32(1.0 if clean else 10 ** self.random.uniform(-1.0, 0.2))
        changed = augment.limited(samples * gain)
        if label != "speech":
            scores = yamnet(self.models, windows(changed, RATE, SPEC))
        loud = window_loudness(changed[None], RATE, SPEC) >= SILENT
        if not clean and self.random.random() < 0.3:
            changed = augment.telephone(changed)
        inputs = windows(changed, RATE, SPEC)[: len(cut)].astype(np.float16)
        self.parts.append((inputs, wanted(scores, loud, label), owner, clean))

    def add_overdriven(self, owner: int, samples: Array, label: str) -> None:
        """Adds the recording clipped by 6 to 36 dB, which keeps its label: YAMNet's outputs are
        those of the original."""
        cut = windows(samples, RATE, SPEC)
        scores = yamnet(self.models, cut)
        loud = window_loudness(samples[None], RATE, SPEC) >= SILENT
        gain = 10 ** self.random.uniform(0.3, 1.8) / max(
            float(np.abs(samples).max(initial=0)), 1e-3
        )
        inputs = windows(np.clip(samples * np.float32(gain), -1, 1), RATE, SPEC).astype(np.float16)
        self.parts.append((inputs, wanted(scores, loud, label), owner, False))

    def varied(self, samples: Array, label: str) -> Array:
        """The recording, half of the time under noise; music in other keys and tempi too. Never
        mixed with another recording, which would carry that across the folds."""
        if label == "music" or self.random.random() < 0.3:
            samples = augment.speed(samples, self.random.uniform(0.8, 1.25))
        if self.random.random() < 0.5:
            noise = augment.coloured(
                self.random, len(samples), self.random.choice([0.0, 1.0, 2.0]), 0.1
            )
            samples = augment.mix(samples, noise, self.random.uniform(0, 25))
        return samples

    def collected(self) -> Taught:
        inputs, targets, owners, clean = zip(*self.parts, strict=True)
        lengths = [len(each) for each in inputs]
        windows_of = WindowSet(
            np.concatenate(inputs), np.repeat(owners, lengths), np.repeat(clean, lengths)
        )
        return Taught(windows_of, np.concatenate(targets))


def wanted(scores: Array, loud: NDArray[np.bool_], label: str | None) -> Array:
    """Target shares of the scenes of each window, shape (windows, 5).

    People label recordings: their label counts where YAMNet detects any sound, and not for the
    pauses in between. Inaudible windows are silence.

    Args:
        scores: YAMNet's 521, shape (windows, 521).
        loud: windows above the energy below which the worker itself returns silence.
    """
    target = shares(classes().gathered(scores))
    if label is not None:
        audible = target.argmax(axis=1) != SILENCE
        target[audible] = (1 - HUMAN) * target[audible] + HUMAN * np.eye(
            len(SCENES), dtype=np.float32
        )[SCENES.index(label)]
    target[~loud] = np.eye(len(SCENES), dtype=np.float32)[SILENCE]
    return target


def lessons(rows: list[Example], models: Path) -> Taught:
    """Windows of every recording and its altered copies, then generated ones, then clipped ones."""
    found = Lessons(models, seed=0)
    for i, row in enumerate(rows):
        excerpt = sounds.excerpt(row)
        found.add(i, excerpt, row.label, clean=True)
        for _ in range(COPIES.get(row.label, 2)):
            found.add(i, found.varied(excerpt, row.label), row.label, clean=False)
    for samples, label in sounds.generated(found.random, MADE):
        found.add(-1, samples, label, clean=False)
    found.parts += overdriven(rows, models).parts
    return found.collected()


def overdriven(rows: list[Example], models: Path) -> Lessons:
    """Every third recording overdriven, as by a telephone with too much gain."""
    found = Lessons(models, seed=1)
    for i in range(0, len(rows), 3):
        found.add_overdriven(i, sounds.excerpt(rows[i]), rows[i].label)
    return found
