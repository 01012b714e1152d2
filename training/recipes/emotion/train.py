"""Trains the 1D CNN of [001] on emotional speech and evaluates it on unseen speakers.

python -m training.recipes.emotion.train --data ../shared/data --out outputs/emotion
"""

import argparse
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from earshot.analysis.types import Release
from earshot.models.checkpoints.export import redescribe
from earshot.models.checkpoints.location import sha256
from earshot.models.metadata import WindowedMetadata
from evaluation.measures.classification import Evaluation, evaluate, save_json
from training.data import emotional_speech
from training.data.datasets import Example
from training.fitting import no_speech
from training.fitting.card import write_card
from training.fitting.crossval import Floats, Ints, WindowSet, calibrated_shares
from training.fitting.unseen_speakers import through_workers
from training.recipes.emotion.data import EmotionalSpeech, judged, read
from training.recipes.emotion.net import LABELS, SPEC, train
from workers import emotion as worker

FOLDS = 4


@dataclass(frozen=True)
class Trial:
    """One cross-validation over whole speakers."""

    speech: EmotionalSpeech
    kept: Path  # folder for finished folds: an interrupted run resumes there

    @property
    def fold(self) -> Ints:
        """Fold of each evaluated utterance."""
        return self.speech.fold[: len(self.speech.truth)]

    def checkpoint(self, fold: int) -> Path:
        """The checkpoint that was not trained on the speakers of a fold."""
        return self.kept / f"fold-{fold}.onnx"

    def out_of_fold(self) -> tuple[Floats, Floats, Ints]:
        """Logits of every window as recorded and through a telephone band, from the network not
        trained on its speaker, and the recording of each window."""
        owner = windows_of(self.speech, narrow=False).owner
        answers = np.stack([self.judged_by(k) for k in range(FOLDS)])
        wide, narrow = (answers[self.fold[owner], line, np.arange(len(owner))] for line in (0, 1))
        return wide, narrow, owner

    def judged_by(self, fold: int) -> Floats:
        """Logits of all windows, as recorded and narrow, of the network trained without a fold."""
        path = self.kept / f"fold-{fold}.npy"
        if not path.exists():
            model = train(self.speech, self.speech.fold != fold)
            lines = (windows_of(self.speech, narrow=narrow) for narrow in (False, True))
            model.save(self.checkpoint(fold), 1.0)
            np.save(path, np.stack([model.logits(line.inputs) for line in lines]))
            print(f"fold {fold} judged", flush=True)
        return np.load(path)


@cache
def _windows(rows: tuple[Example, ...], narrow: bool) -> WindowSet:
    return judged(rows, SPEC, narrow)


def windows_of(speech: EmotionalSpeech, narrow: bool) -> WindowSet:
    """Windows of the evaluated utterances; cut once."""
    return _windows(speech.rows, narrow)


def measure(trial: Trial, data: Path) -> tuple[list[Evaluation], float]:
    """Quality over all sets, over a telephone band, through the workers and in each set, and the
    temperature of the released checkpoint, which is fitted on wide and narrow speech together: a
    worker has one."""
    speech, fold = trial.speech, np.tile(trial.fold, 2)
    wide, narrow, owner = trial.out_of_fold()
    count, truth = len(speech.truth), speech.truth
    answers = (
        np.tile(truth, 2),
        np.concatenate([wide, narrow]),
        np.concatenate([owner, owner + count]),
        fold,
    )
    both, temperature = calibrated_shares(*answers)
    for k in range(FOLDS):
        temperature_of_fold = calibrated_shares(*answers, fitted=fold != k)[1]
        redescribe(trial.checkpoint(k), WindowedMetadata, temperature=temperature_of_fold)
    checkpoints = [trial.checkpoint(k) for k in range(FOLDS)]
    fold_of = dict(zip((row.group for row in speech.rows), trial.fold.tolist(), strict=True))
    groups, sources = (
        np.array([row.group for row in speech.rows]),
        np.array([row.source for row in speech.rows]),
    )
    results = [
        evaluate("unseen speakers, all sets", LABELS, truth, both[:count], groups),
        evaluate("the same over a telephone band", LABELS, truth, both[count:], groups),
        through_workers(
            "emotion", checkpoints, fold_of, LABELS, data, "the same through the workers"
        ),
    ]
    part = trial.fold < 2
    results.append(
        evaluate(
            "unseen speakers of folds 0 and 1",
            LABELS,
            truth[part],
            both[:count][part],
            groups[part],
        )
    )
    for name, _ in emotional_speech.SETS:
        part = sources == name
        results.append(
            evaluate(
                f"unseen speakers, {name}", LABELS, truth[part], both[:count][part], groups[part]
            )
        )
    return results, temperature


def main(data: Path, out: Path) -> None:
    """Evaluates by cross-validation, trains on everything, exports, writes the card."""
    speech = read(data, LABELS, SPEC, FOLDS)
    print(
        f"{len(speech.rows)} utterances judged, {len(speech.fold)} sounds, {len(speech.owner)}"
        " takes",
        flush=True,
    )
    trial = Trial(speech, out / "kept")
    results, temperature = measure(trial, data)
    model = train(speech, np.ones(len(speech.fold), bool))
    path = out / "emotion.onnx"
    model.save(path, temperature)
    save_json(out / "evaluation.json", results)
    release = Release(
        analysis="emotion", name="new", runtime="onnx", uri=str(path.resolve()), sha256=sha256(path)
    )
    opened = worker.load(release, "cpu").labelled
    answers = {"emotion": lambda sound: opened.shares([sound])[0]}
    write_card(
        "emotion",
        out,
        emotional_speech.SETS,
        results,
        extra=no_speech.section(data, len(LABELS), answers),
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    main(arguments.data, arguments.out)
