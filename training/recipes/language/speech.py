"""The training stretches of the language head as rows, and lines fitted on them without a language
or a voice."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from earshot.models.asr.spoken_language import features, pooled
from training.recipes.language.stretches import ALL, Amount, recogniser, stretches

Floats = NDArray[np.float32]

FOLDS = 5
ENCODER = 576
"""Features of the encoder; those of the decoder follow."""
READ = 0.75
"""Share of English that is of readers; the rest is of prompts, as all of the other languages."""
MOST = 5.0
"""Log odds of one stretch are kept within this: the next voice may be unlike all that were
trained on."""


@dataclass(frozen=True)
class Speech:
    """Stretches as rows."""

    rows: Floats  # (stretches, features); those of the decoder are NaN where it did not run
    foreign: NDArray[np.bool_]
    seconds: Floats
    voice: NDArray[np.str_]
    language: NDArray[np.str_]

    @property
    def kind(self) -> NDArray[np.str_]:
        """What weighs the same: each other language, English of readers, English prompts."""
        read = np.where(np.char.find(self.voice, "/") < 0, "read", "prompts")
        return np.where(self.foreign, self.language, read)

    @property
    def written(self) -> NDArray[np.bool_]:
        """The stretches that were transcribed."""
        return np.isfinite(self.rows).all(axis=1)

    def weights(self, chosen: NDArray[np.bool_]) -> Floats:
        """Of each chosen stretch, mean 1: both classes weigh the same, then kinds, then voices."""
        kinds, weights = self.kind, np.zeros(len(self.rows))
        others = len(set(kinds[self.foreign & chosen]))
        for kind in set(kinds[chosen]):
            share = {"read": READ, "prompts": 1 - READ}.get(str(kind), 1 / others)
            voices = sorted(set(self.voice[chosen & (kinds == kind)]))
            for voice in voices:
                rows = chosen & (self.voice == voice) & (kinds == kind)
                weights[rows] = share / len(voices) / rows.sum()
        return (weights[chosen] / weights[chosen].mean()).astype(np.float32)

    def folds(self) -> NDArray[np.int64]:
        """Whole languages, and whole voices of English."""
        groups = np.where(self.foreign, self.language, self.voice)
        fold = np.zeros(len(self.rows), np.int64)
        for side in (self.foreign, ~self.foreign):
            for number, group in enumerate(sorted(set(groups[side]))):
                fold[side & (groups == group)] = number % FOLDS
        return fold


@dataclass(frozen=True)
class Line:
    """A logistic regression over standardised inputs, as weights over the raw ones."""

    weights: Floats
    bias: float

    def __call__(self, rows: Floats) -> Floats:
        found: Floats = rows @ self.weights + self.bias
        return found


def gathered(data: Path, out: Path, amount: Amount = ALL) -> Speech:
    """The training stretches, computed once and kept in ``out``."""
    path = out / "stretches.npz"
    if not path.is_file():
        out.mkdir(parents=True, exist_ok=True)
        voice, rows, seconds, languages = [], [], [], []
        silent = len(features(np.zeros((2, ENCODER // 2), np.float32), [0.0], 1.0)) - ENCODER
        for each in stretches(data, out / "packages", recogniser(), amount):
            if not voice or voice[-1] != each.voice:
                print(len(voice), each.voice, flush=True)
            rows.append(
                features(each.frames, each.logs, each.seconds)
                if each.logs
                else np.concatenate([pooled(each.frames), np.full(silent, np.nan)])
            )
            voice.append(each.voice)
            seconds.append(each.seconds)
            languages.append(each.language)
        np.savez(
            path,
            rows=np.stack(rows).astype(np.float32),
            foreign=np.array(languages) != "en",
            seconds=np.array(seconds, np.float32),
            voice=np.array(voice),
            language=np.array(languages),
        )
    with np.load(path) as file:
        return Speech(**file)


def line(rows: Floats, targets: NDArray[np.bool_], weights: Floats, strength: float) -> Line:
    """Fits a logistic regression."""
    mean, spread = rows.mean(axis=0), rows.std(axis=0) + 1e-4
    found = LogisticRegression(C=strength, max_iter=500)
    found.fit((rows - mean) / spread, targets, sample_weight=weights)
    scaled = found.coef_[0] / spread
    return Line(scaled.astype(np.float32), float(found.intercept_[0] - scaled @ mean))


def encoder_line(speech: Speech, chosen: NDArray[np.bool_], strength: float) -> Line:
    """The line over the encoder's features, fitted on the chosen stretches."""
    rows = speech.rows[chosen, :ENCODER]
    return line(rows, speech.foreign[chosen], speech.weights(chosen), strength)


def heard(speech: Speech, strength: float) -> Floats:
    """Log odds by the encoder of every stretch, fitted without its language or voice."""
    fold, found = speech.folds(), np.zeros(len(speech.rows), np.float32)
    for number in range(FOLDS):
        held = fold == number
        found[held] = encoder_line(speech, ~held, strength)(speech.rows[held, :ENCODER])
    return found


def beside(speech: Speech, encoder: Floats) -> Floats:
    """What the second line is fitted on: out-of-fold odds of the encoder, and the decoder."""
    return np.concatenate([encoder[:, None], speech.rows[:, ENCODER:]], axis=1)


def joined(speech: Speech, encoder: Floats) -> Floats:
    """Log odds of each transcribed stretch by both lines, fitted likewise; NaN of the others."""
    fold, rows, written = speech.folds(), beside(speech, encoder), speech.written
    found = np.full(len(rows), np.nan, np.float32)
    for number in range(FOLDS):
        held, rest = written & (fold == number), written & (fold != number)
        both = line(rows[rest], speech.foreign[rest], speech.weights(rest), 1.0)
        found[held] = both(rows[held])
    return found


def loss(found: Floats, speech: Speech, chosen: NDArray[np.bool_], divisor: float = 1.0) -> float:
    """Mean negative log likelihood of the chosen stretches."""
    kept = np.clip(found[chosen] / divisor, -MOST, MOST)
    wrong = np.where(speech.foreign[chosen], -kept, kept)
    return float((speech.weights(chosen) * np.logaddexp(0, wrong)).mean())
