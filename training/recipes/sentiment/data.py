"""Training and evaluation data of the sentiment models: the vector of every utterance, acted and
natural, of its other takes, and of sounds without speech."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from earshot.audio.features import utterance
from earshot.audio.features.spectra import Array
from training.data import emotional_speech, lines, natural
from training.data.datasets import RATE, examples, indices, waveform
from training.fitting.crossval import Floats, Ints
from training.fitting.nested import Mask
from training.recipes.sentiment.role_models import Lesson, Recipe

LABELS = ("negative", "neutral", "positive")  # C-06
NEUTRAL = LABELS.index("neutral")
SETS = (*emotional_speech.SETS, *natural.sets())
NOTHING = 160
"""Generated sounds of 3 s without speech; their target is uniform."""
DOMAINS = len(emotional_speech.SETS)
"""Each is one acted corpus and one natural source, left out together."""


@dataclass(frozen=True)
class Utterance:
    """One utterance and what is known of it."""

    whole: Array
    learnt: Array
    """The part that is trained on."""
    label: str
    kind: str  # the emotion, of which a label has several
    group: str
    source: str
    domain: int
    natural: bool


@dataclass(frozen=True)
class Speech:
    """Features and labels of all utterances."""

    judged: Floats  # (utterances, features), whole and as recorded
    over_line: Floats  # the same through a telephone codec
    # (takes, utterances, features) for training: as recorded, through a codec, then those of
    # ``emotional_speech.takes``
    takes: Floats
    nothing: Floats  # of generated sounds that are no speech
    truth: Ints
    kind: Ints
    groups: NDArray[np.str_]
    sources: NDArray[np.str_]
    domain: Ints
    natural: Mask


def read(data: Path, kept: Path) -> Speech:
    """Every acted and natural utterance.

    Args:
        kept: file for the features: an interrupted run resumes there.
    """
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        np.savez(kept, **asdict(_read(data)))
    return Speech(**np.load(kept))


def _read(data: Path) -> Speech:
    random = np.random.default_rng(0)
    judged, over_line, takes, known = [], [], [], []
    for one in [*_acted(data), *_natural(data, random)]:
        vectors = [_vector(take) for take in _takes(one.learnt, random)]
        takes.append(vectors)
        same = one.learnt is one.whole
        judged.append(vectors[0] if same else _vector(one.whole))
        over_line.append(vectors[1] if same else _vector(lines.line(one.whole, random)))
        known.append(one)
    kinds = sorted({one.kind for one in known})
    return Speech(
        judged=np.stack(judged),
        over_line=np.stack(over_line),
        takes=np.stack([np.stack(vectors) for vectors in takes], axis=1),
        nothing=np.stack([_vector(sound) for sound in emotional_speech.no_speech(random, NOTHING)]),
        truth=indices(LABELS, [one.label for one in known]),
        kind=indices(kinds, [one.kind for one in known]),
        groups=np.array([one.group for one in known]),
        sources=np.array([one.source for one in known]),
        domain=np.array([one.domain for one in known]),
        natural=np.array([one.natural for one in known]),
    )


def _acted(data: Path) -> list[Utterance]:
    sets = [name for name, _ in emotional_speech.SETS]
    native = {row.path: row.label for row in examples(data, *sets)}
    found = []
    for row in emotional_speech.utterances(data, "sentiment", LABELS):
        sound = emotional_speech.trimmed(waveform(row.path))
        domain = sets.index(row.source)
        kind = native[row.path]
        found.append(Utterance(sound, sound, row.label, kind, row.group, row.source, domain, False))
    return found


def _natural(data: Path, random: np.random.Generator) -> Iterator[Utterance]:
    """What is learnt of them is as long as an acted utterance: length must not tell one from the
    other."""
    lengths = [len(one.whole) for one in _acted(data)]
    for one in natural.utterances(data):
        size = int(random.choice(lengths))
        start = int(random.integers(0, max(len(one.samples) - size, 0) + 1))
        yield Utterance(
            one.samples,
            one.samples[start : start + size],
            LABELS[NEUTRAL],
            LABELS[NEUTRAL],
            one.voice,
            one.source,
            one.fold,
            True,
        )


def _takes(sound: Array, random: np.random.Generator) -> Iterator[Array]:
    as_recorded, *others = emotional_speech.takes(sound, random)
    yield from (as_recorded, lines.line(sound, random), *others)


def _vector(sound: Array) -> Array:
    return utterance.describe(sound, RATE)


def lesson(recipe: Recipe, speech: Speech, learn: Mask) -> Lesson:
    """Training data in which every label has the same weight, and within it every utterance."""
    takes = speech.takes[: recipe.takes, learn]
    truth = np.tile(speech.truth[learn], len(takes))
    return Lesson(
        features=np.concatenate([*takes, speech.nothing]),
        truth=truth,
        kind=np.tile(speech.kind[learn], len(takes)),
        weight=(len(truth) / len(LABELS) / np.bincount(truth))[truth].astype(np.float32),
        nothing=len(speech.nothing),
        labels=len(LABELS),
    )
