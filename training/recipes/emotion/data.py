"""Training and evaluation data of the emotion network: takes of every utterance, and of sounds
without speech."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from earshot.audio.features import augment
from earshot.audio.features.windows import WindowSpec, spectrogram, windows
from training.data import emotional_speech
from training.data.datasets import Example, examples, folds, indices, waveform
from training.data.takes import Takes, gathered
from training.fitting.crossval import Ints, WindowSet

OTHERS = ("fearful", "disgust", "boredom")
"""Emotions in the sets outside the checkpoint's labels, included as negatives."""

NOTHING = 160
"""Generated sounds of 3 s without speech; their target is uniform."""


@dataclass(frozen=True)
class EmotionalSpeech:
    """All sounds: first the utterances of the five emotions, which are evaluated, then those of
    others, then no speech."""

    rows: tuple[Example, ...]  # of the evaluated
    truth: Ints  # of the evaluated
    fold: Ints  # of every sound; -1 for training only
    kind: Ints  # of every sound: position in labels and ``OTHERS``; -1 for no speech
    takes: Takes
    owner: Ints  # sound of each take


def read(data: Path, labels: tuple[str, ...], spec: WindowSpec, count: int) -> EmotionalSpeech:
    """Reads all data, in ``count`` folds of whole speakers."""
    rows = emotional_speech.utterances(data, "emotion", labels)
    others = [
        row
        for row in examples(data, *(name for name, _ in emotional_speech.SETS))
        if row.label in OTHERS
    ]
    fold_of = dict(
        zip(
            (row.group for row in rows),
            folds([row.group for row in rows], count).tolist(),
            strict=True,
        )
    )
    kinds = indices((*labels, *OTHERS), [row.label for row in (*rows, *others)])
    random = np.random.default_rng(0)
    frames, owner = [], []
    for i, row in enumerate((*rows, *others)):
        sound = emotional_speech.trimmed(waveform(row.path))
        for take in emotional_speech.takes(sound, random):
            frames.append(spectrogram(take, 16_000, spec))
            owner.append(i)
    for sound in emotional_speech.no_speech(random, NOTHING):
        owner.append(owner[-1] + 1)
        frames.append(spectrogram(sound, 16_000, spec))
    return EmotionalSpeech(
        rows=tuple(rows),
        truth=kinds[: len(rows)],
        fold=np.array([*(fold_of[row.group] for row in (*rows, *others)), *[-1] * NOTHING]),
        kind=np.concatenate([kinds, np.full(NOTHING, -1)]),
        takes=gathered(frames, spec.length),
        owner=np.array(owner),
    )


def judged(rows: Sequence[Example], spec: WindowSpec, narrow: bool) -> WindowSet:
    """Windows of the evaluated utterances as a worker cuts them, as recorded or through a telephone
    band."""
    sounds = (emotional_speech.trimmed(waveform(row.path)) for row in rows)
    lines = (augment.telephone(sound) if narrow else sound for sound in sounds)
    parts = [windows(line, 16_000, spec).astype(np.float16) for line in lines]
    owner = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    return WindowSet(np.concatenate(parts), owner, np.ones(len(owner), bool))
