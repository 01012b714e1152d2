"""Trains the language head over Moonshine: English or another language.

python -m training.recipes.language.train --data ../shared/data --out outputs/language
python -m training.fitting.publish outputs/language
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from torch import Tensor, nn

from earshot.models.asr.spoken_language import features, pooled
from earshot.models.checkpoints.defaults import default_release
from earshot.models.checkpoints.export import describe, export_torch
from earshot.models.metadata import LanguageMetadata
from training.data import spoken
from training.fitting.card import write_card
from training.recipes.language.stretches import READERS, recogniser, stretches

Floats = NDArray[np.float32]

FOLDS = 5
ENCODER = 576
"""Features of the encoder; those of the decoder follow."""
STRENGTHS = (0.001, 0.003, 0.01, 0.03, 0.1)
"""Inverse strengths of the encoder's regularisation, chosen out of fold."""
READ = 0.75
"""Share of English that is of readers; the rest is of prompts, as all of the other languages."""
MOST = 5.0
"""Log odds of one stretch are kept within this: the next voice may be unlike all that were
trained on."""
LENGTHS = ((1, 3), (3, 6), (6, 13))


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


class Head(nn.Module):
    """A line over the encoder's features, and one over its output beside the decoder's; output log
    odds of another language."""

    def __init__(self, encoder: Line, both: Line) -> None:
        super().__init__()
        self.encoder, self.both = _layer(encoder), _layer(both)

    def forward(self, rows: Tensor) -> Tensor:
        heard = self.encoder(rows[:, :ENCODER])
        found: Tensor = self.both(torch.cat([heard, rows[:, ENCODER:]], dim=1))
        return found


def _layer(line: Line) -> nn.Linear:
    layer = nn.Linear(len(line.weights), 1)
    with torch.no_grad():
        layer.weight[0] = torch.from_numpy(line.weights)
        layer.bias[0] = line.bias
    return layer


def gathered(data: Path, out: Path) -> Speech:
    """The training stretches, computed once and kept in ``out``."""
    path = out / "stretches.npz"
    if not path.is_file():
        out.mkdir(parents=True, exist_ok=True)
        voice, rows, seconds, languages = [], [], [], []
        silent = len(features(np.zeros((2, ENCODER // 2), np.float32), [0.0], 1.0)) - ENCODER
        for each in stretches(data, out / "packages", recogniser()):
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


def measured(found: Floats, encoder: Floats, speech: Speech) -> str:
    """A table by length, and one by kind of speech, of the transcribed stretches."""
    written = speech.written
    columns = "area under the curve | of the encoder alone | others missed | English refused |"
    lines = [f"| seconds | stretches | {columns}", "|---|---|---|---|---|---|"]
    for low, high in (*LENGTHS, (0, 99)):
        rows = written & (speech.seconds >= low) & (speech.seconds < high)
        areas = [roc_auc_score(speech.foreign[rows], each[rows]) for each in (found, encoder)]
        missed = (found[rows & speech.foreign] <= 0).mean()
        refused = (found[rows & ~speech.foreign] > 0).mean()
        name = f"{low}-{high}" if high < 99 else "all"
        lines.append(
            f"| {name} | {rows.sum()} | {areas[0]:.3f} | {areas[1]:.3f} | {missed:.3f} |"
            f" {refused:.3f} |"
        )
    lines += ["", "| speech | voices | stretches | called another language |", "|---|---|---|---|"]
    for kind in sorted(set(speech.kind[written])):
        rows = written & (speech.kind == kind)
        voices = len(set(speech.voice[rows]))
        lines.append(f"| {kind} | {voices} | {rows.sum()} | {(found[rows] > 0).mean():.3f} |")
    return "\n".join(lines)


def main(data: Path, out: Path) -> None:
    """Trains, exports, and writes the card."""
    torch.set_num_threads(1)
    speech = gathered(data, out)
    every, written = np.ones(len(speech.rows), bool), speech.written
    strength = min(STRENGTHS, key=lambda each: loss(heard(speech, each), speech, every))
    encoder = heard(speech, strength)
    found = joined(speech, encoder)
    divisors = np.geomspace(0.5, 8, 60)
    divisor = min(divisors, key=lambda each: loss(found, speech, written, each))
    rows = beside(speech, encoder)[written]
    both = line(rows, speech.foreign[written], speech.weights(written), 1.0)
    head = Head(encoder_line(speech, every, strength), both)
    export_torch(head, out / "language.onnx", speech.rows[written][:4], ("features", "log_odds"))
    about = LanguageMetadata(
        labels=("other",),
        base=default_release("asr").name,
        temperature=round(float(divisor), 3),
        most=MOST,
    )
    describe(out / "language.onnx", about)
    sets = ((f"LibriSpeech train-clean-100 ({READERS}), one utterance a speaker", "CC BY 4.0"),)
    chosen = f"Encoder regularised with C = {strength}, odds divided by {divisor:.2f}."
    tables = f"{measured(found, encoder, speech)}\n\n{chosen}"
    write_card("language", out, (*sets, *spoken.sets()), (), tables)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    main(arguments.data, arguments.out)
