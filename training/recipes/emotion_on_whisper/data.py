"""Training and evaluation data: pooled features of the encoder for takes of acted and natural
utterances."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from earshot.audio.features import augment
from earshot.audio.features.spectra import Array, log_mel
from earshot.compute.sound import SAMPLE_RATE
from earshot.models.emotion.on_whisper import evidence, parts
from training.data import emotional_speech, natural
from training.data.datasets import examples, folds, waveform
from training.data.lines import line
from training.recipes.emotion_on_whisper.front_end import SPEC

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

LABELS = ("happy", "sad", "angry", "surprised", "neutral")  # 001-01, in this order
KINDS = (*LABELS, "other")
"""Fear, disgust and boredom are learnt as an answer of its own, which the checkpoint lacks."""
NEUTRAL = LABELS.index("neutral")
MAPPED = {"calm": "neutral"}
LAYERS = (3,)
LEVEL = 0.05
TAKES = ("recorded", "telephone", "worse", "short")
"""As recorded; through a codec; at another speed over a bad line, for training only; a piece, which
has as little to go by as a single word."""
PIECE_SEC = (0.3, 1.2)
NOTHING = 160
"""Generated sounds of 3 s without speech, after the utterances, for training only: ``kind`` and
``fold`` are -1, and they are in the first take alone. Their target is uniform."""
FOLDS = 4
JUDGED_ONLY = "auto_repairs_40_stereo_8k"
"""The call whose report is read turn by turn: no head and no calibration learns of it."""


@dataclass(frozen=True)
class Utterances:
    """Acted and natural utterances in takes; arrays over the parts that they are cut into."""

    features: dict[int, Floats]
    """By layer, shape (parts, features)."""
    utterance: Ints
    """Utterance of each part; ``take`` likewise."""
    take: Ints
    terms: Floats
    """Of the temperature, shape (takes, utterances, 3)."""
    seconds: Floats
    """Of each take of each utterance, shape (takes, utterances)."""
    kind: Ints
    """Of each utterance; all below likewise."""
    source: NDArray[np.str_]
    voice: NDArray[np.str_]
    fold: Ints
    acted: NDArray[np.bool_]

    @property
    def natural(self) -> NDArray[np.bool_]:
        """Natural utterances; the rest is acted, or no speech."""
        return ~self.acted & (self.kind >= 0)

    @property
    def learnt(self) -> NDArray[np.bool_]:
        """All but the recording that is judged only."""
        found: NDArray[np.bool_] = ~np.char.startswith(self.voice, JUDGED_ONLY)
        return found


def takes(sound: Array, index: int) -> Iterator[Array]:
    """Of the utterance of an index, in the order of ``TAKES``."""
    random = np.random.default_rng([0, index])
    yield sound
    yield line(sound, random)
    yield emotional_speech.bad_line(augment.speed(sound, random.uniform(0.88, 1.14)), random)
    yield piece(sound, np.random.default_rng([1, index]))


def piece(sound: Array, random: np.random.Generator) -> Array:
    """A random piece of an utterance, of a length in ``PIECE_SEC``."""
    size = min(len(sound), int(random.uniform(*PIECE_SEC) * SAMPLE_RATE))
    start = int(random.integers(0, len(sound) - size + 1))
    return sound[start : start + size]


@dataclass(frozen=True)
class Row:
    """An utterance, or a sound without speech."""

    sound: Array
    kind: int
    source: str
    voice: str
    fold: int
    acted: bool


def rows(data: Path) -> Iterator[Row]:
    """All of them, in order."""
    acted = examples(data, *(name for name, _ in emotional_speech.SETS))
    fold_of = folds([row.group for row in acted], FOLDS)
    for row, fold in zip(acted, fold_of.tolist(), strict=True):
        label = MAPPED.get(row.label, row.label)
        kind = KINDS.index(label) if label in LABELS else len(LABELS)
        sound = emotional_speech.trimmed(waveform(row.path))
        yield Row(sound, kind, row.source, f"{row.source} {row.group}", fold, True)
    for each in natural.utterances(data):
        yield Row(each.samples, NEUTRAL, each.source, each.voice, each.fold, False)
    for sound in emotional_speech.no_speech(np.random.default_rng(2), NOTHING):
        yield Row(sound, -1, "no speech", "no speech", -1, False)


@dataclass(frozen=True)
class Take:
    """One take of a row."""

    pooled: list[list[Array]]
    """Of each part, by layer."""
    terms: Array
    seconds: float


def taken(row: Row, index: int, session: Any) -> list[Take]:
    """The takes of the row of an index, with the encoder in ``session``."""
    names = [f"layer_{layer}" for layer in LAYERS]
    found = []
    for sound in takes(row.sound, index) if row.kind >= 0 else (row.sound,):
        mels = [log_mel(part, SAMPLE_RATE, SPEC)[:-1] for part in parts(sound, LEVEL)]
        pooled = [[out[0] for out in session.run(names, {"log_mel": mel})] for mel in mels]
        found.append(Take(pooled, evidence(sound, mels).terms(), len(sound) / SAMPLE_RATE))
    if index % 200 == 199:
        print(f"{index + 1} utterances", flush=True)
    return found


def read(data: Path, session: Any) -> Utterances:
    """Computes the features of all utterances with the encoder in ``session``."""
    every = list(rows(data))
    return gathered(every, [taken(row, index, session) for index, row in enumerate(every)])


def gathered(every: Sequence[Row], found: Sequence[Sequence[Take]]) -> Utterances:
    """All takes of all rows."""
    pooled: list[list[Array]] = []
    owner, number = [], []
    terms = np.zeros((len(TAKES), len(every), 3), np.float32)
    seconds = np.zeros((len(TAKES), len(every)), np.float32)
    for index, each in enumerate(found):
        for take, one in enumerate(each):
            terms[take, index], seconds[take, index] = one.terms, one.seconds
            pooled += one.pooled
            owner += [index] * len(one.pooled)
            number += [take] * len(one.pooled)
    columns = ("kind", "source", "voice", "fold", "acted")
    return Utterances(
        {layer: np.stack([each[i] for each in pooled]) for i, layer in enumerate(LAYERS)},
        np.array(owner),
        np.array(number),
        terms,
        seconds,
        *(np.array([getattr(row, name) for row in every]) for name in columns),
    )


def save(path: Path, found: Utterances) -> None:
    """Keeps the features for another run."""
    fields = {key: value for key, value in vars(found).items() if key != "features"}
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, **fields, **{f"layer_{n}": x for n, x in found.features.items()})


def load(path: Path) -> Utterances:
    """What ``save`` kept."""
    with np.load(path) as kept:
        fields = {key: kept[key] for key in kept.files if not key.startswith("layer_")}
        return Utterances({n: kept[f"layer_{n}"] for n in LAYERS}, **fields)
