"""Trains the acoustic sentiment models, an SVM for customers and a random forest for agents
(002-20), on emotional speech.

python -m training.recipes.sentiment.train --data ../shared/data --out outputs/sentiment
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from earshot.analysis.types import Release
from earshot.audio.features import utterance
from earshot.audio.features.spectra import Array
from earshot.models.checkpoints.export import check_parity, describe
from earshot.models.checkpoints.location import sha256
from earshot.models.metadata import SentimentMetadata
from evaluation.measures.classification import Evaluation, evaluate, save_json
from training.data import emotional_speech
from training.data.datasets import RATE, folds
from training.fitting import no_speech
from training.fitting.card import write_card
from training.fitting.crossval import Floats, Ints, calibrated_shares
from training.fitting.nested import Choice, Mask, choose
from training.fitting.prior import by_even_uar, evened, fitted_bias
from training.fitting.unseen_speakers import through_workers
from training.importers.role_graph import join_roles
from training.recipes.sentiment import row_time
from training.recipes.sentiment.data import LABELS, Speech, lesson, read
from training.recipes.sentiment.role_models import CANDIDATES, RoleModel
from workers import sentiment as worker

FOLDS = 5
ROLES = ("customer", "agent")


def trained(role: str, name: str, speech: Speech, learn: Mask) -> RoleModel:
    """The named candidate, fitted on a mask over the utterances."""
    candidate = CANDIDATES[role][name]
    return candidate.fit(lesson(candidate, speech, learn))


@dataclass(frozen=True)
class Trial:
    """A cross-validation of one role over whole speakers, with the recipe of every fold selected on
    the others."""

    role: str
    speech: Speech
    fold: Ints
    choice: Choice
    data: Path
    kept: Path

    def checkpoint(self, fold: int) -> Path:
        """The checkpoint that was not trained on the speakers of a fold."""
        return self.kept / f"fold-{fold}.onnx"

    def results(self, shares: Floats) -> list[Evaluation]:
        """Metrics of calibrated shares, first as recorded, then narrow; and of the checkpoints."""
        role, speech, count = self.role, self.speech, len(self.fold)
        truth, groups = speech.truth, speech.groups
        fold_of = dict(zip(groups.tolist(), self.fold.tolist(), strict=True))
        checkpoints = [self.checkpoint(k) for k in range(FOLDS)]
        results = [
            evaluate(f"{role}: unseen speakers, all sets", LABELS, truth, shares[:count], groups),
            evaluate(
                f"{role}: the same over a telephone band", LABELS, truth, shares[count:], groups
            ),
            through_workers(
                "sentiment",
                checkpoints,
                fold_of,
                LABELS,
                self.data,
                f"{role}: the same through the workers",
            ),
        ]
        for name, _ in emotional_speech.SETS:
            part = speech.sources == name
            title = f"{role}: unseen speakers, {name}"
            results.append(evaluate(title, LABELS, truth[part], shares[:count][part], groups[part]))
        return results


def chosen(role: str, speech: Speech, fold: Ints, kept: Path) -> Choice:
    """The recipe of each fold, selected on speakers of the others alone."""

    def answers(name: str, learn: Mask) -> Floats:
        return trained(role, name, speech, learn).scores(speech.takes[0])

    return choose(tuple(CANDIDATES[role]), speech.truth, fold, answers, by_even_uar, kept)


def measure(trial: Trial) -> tuple[list[Evaluation], RoleModel, float]:
    """Cross-validated quality on wide-band speech, over a telephone band, through the workers and
    per set; and the released model with its temperature. The temperature and the bias are fitted on
    wide and narrow speech together: a worker has one of each."""
    speech, fold, role = trial.speech, trial.fold, trial.role
    count, truth = len(speech.truth), speech.truth
    models = [trained(role, trial.choice.of_fold(k), speech, fold != k) for k in range(FOLDS)]
    scores = [
        [model.scores(given) for model in models] for given in (speech.takes[0], speech.narrow)
    ]
    both = np.concatenate([np.stack(each)[fold, np.arange(count)] for each in scores])
    twice, folds_twice = np.tile(truth, 2), np.tile(fold, 2)
    biased = evened(twice, both, folds_twice)
    shares, temperature = calibrated_shares(twice, biased, np.arange(2 * count), folds_twice)
    for k, model in enumerate(models):
        others = folds_twice != k
        temperature_here = calibrated_shares(
            twice, biased, np.arange(2 * count), folds_twice, fitted=others
        )[1]
        save(
            {role: model.biased(fitted_bias(twice[others], both[others]))},
            trial.checkpoint(k),
            speech.takes[0][:64],
            {role: temperature_here},
        )
    shipped = trained(role, trial.choice.shipped(), speech, np.ones(count, bool)).biased(
        fitted_bias(twice, both)
    )
    return trial.results(shares), shipped, temperature


def main(data: Path, out: Path) -> None:
    """Selects and evaluates by nested cross-validation, trains on everything, exports, writes the
    card."""
    speech = read(data)
    fold = folds(speech.groups.tolist(), FOLDS)
    print(f"{len(speech.truth)} utterances of {len(set(speech.groups))} speakers", flush=True)
    results, temperature, models, sections = [], {}, {}, []
    for role in ROLES:
        kept = out / "kept" / role
        choice = chosen(role, speech, fold, kept)
        measured, models[role], temperature[role] = measure(
            Trial(role, speech, fold, choice, data, kept)
        )
        results += measured
        sections.append(choice.section(role))
    path = out / "sentiment.onnx"
    save(models, path, speech.takes[0][:64], temperature)
    save_json(out / "evaluation.json", results)
    sections += [
        no_speech.section(data, len(LABELS), answers(path)),
        row_time.section(models, speech.takes[0]),
    ]
    write_card("sentiment", out, emotional_speech.SETS, results, extra="\n\n".join(sections))


def answers(path: Path) -> dict[str, Callable[[Array], Floats]]:
    """The exported checkpoint's answers for a waveform, by role, through the code of the worker."""
    release = Release(
        analysis="sentiment",
        name="new",
        runtime="onnx",
        uri=str(path.resolve()),
        sha256=sha256(path),
    )
    model = worker.load(release, "cpu")
    return {
        role: lambda sound, role=role: model.shares(utterance.describe(sound, RATE)[None])[role][0]
        for role in ROLES
    }


def save(
    models: dict[str, RoleModel], path: Path, example: Floats, temperature: dict[str, float]
) -> None:
    """Saves both role models as one checkpoint."""
    join_roles({role: model.part(role) for role, model in models.items()}, example.shape[1], path)
    check_parity(
        path,
        example,
        {role: model.scores(example) for role, model in models.items()},
        tolerance=0.02,
    )
    describe(
        path,
        SentimentMetadata(labels=LABELS, features=utterance.FEATURES, temperature=temperature),
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    main(arguments.data, arguments.out)
