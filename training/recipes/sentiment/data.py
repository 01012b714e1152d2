"""Training and evaluation data of the sentiment models: the vector of every utterance, of its other
takes, and of sounds without speech."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from earshot.audio.features import utterance
from earshot.audio.features.augment import telephone
from training.data import emotional_speech
from training.data.datasets import RATE, examples, indices, waveform
from training.fitting.crossval import Floats, Ints
from training.fitting.nested import Mask
from training.recipes.sentiment.role_models import Candidate, Lesson

LABELS = ("negative", "neutral", "positive")  # C-06
NOTHING = 160
"""Generated sounds of 3 s without speech; their target is uniform."""


@dataclass(frozen=True)
class Speech:
    """Features and labels of all utterances."""

    # (takes, utterances, features), as ``emotional_speech.takes`` yields them: the first is as
    # recorded
    takes: Floats
    narrow: Floats  # as recorded, through a telephone band
    nothing: Floats  # of generated sounds that are no speech
    truth: Ints
    kind: Ints  # emotion of each utterance, of which a label has several
    groups: NDArray[np.str_]
    sources: NDArray[np.str_]


def read(data: Path) -> Speech:
    """Compute the features of every labelled utterance."""
    rows = emotional_speech.utterances(data, "sentiment", LABELS)
    random = np.random.default_rng(0)
    takes, narrow = [], []
    native = {
        row.path: row.label for row in examples(data, *(name for name, _ in emotional_speech.SETS))
    }
    kinds = sorted(set(native.values()))
    for row in rows:
        sound = emotional_speech.trimmed(waveform(row.path))
        takes.append(
            [utterance.describe(take, RATE) for take in emotional_speech.takes(sound, random)]
        )
        narrow.append(utterance.describe(telephone(sound), RATE))
    return Speech(
        takes=np.stack(takes, axis=1),
        narrow=np.stack(narrow),
        nothing=np.stack(
            [
                utterance.describe(sound, RATE)
                for sound in emotional_speech.no_speech(random, NOTHING)
            ]
        ),
        truth=indices(LABELS, [row.label for row in rows]),
        kind=indices(kinds, [native[row.path] for row in rows]),
        groups=np.array([row.group for row in rows]),
        sources=np.array([row.source for row in rows]),
    )


def lesson(candidate: Candidate, speech: Speech, learn: Mask) -> Lesson:
    """Training data in which every label has the same weight, and within it every utterance."""
    takes = [*speech.takes[: candidate.takes, learn], speech.narrow[learn]]
    truth = np.tile(speech.truth[learn], len(takes))
    return Lesson(
        features=np.concatenate([*takes, speech.nothing]),
        truth=truth,
        kind=np.tile(speech.kind[learn], len(takes)),
        weight=(len(truth) / len(LABELS) / np.bincount(truth))[truth].astype(np.float32),
        nothing=len(speech.nothing),
        labels=len(LABELS),
    )
