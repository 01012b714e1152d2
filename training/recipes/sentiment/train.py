"""Trains the acoustic sentiment models, an SVM for customers and a random forest for agents
(002-20), on emotional speech, with
natural speech as neutral.

python -m training.recipes.sentiment.train --data ../shared/data --out outputs/sentiment
"""

import argparse
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from earshot.analysis.types import Release
from earshot.audio.features import utterance
from earshot.audio.features.spectra import Array
from earshot.models.checkpoints.export import check_parity, describe
from earshot.models.checkpoints.location import sha256
from earshot.models.metadata import SentimentMetadata
from earshot.models.sentiment import SentimentModel
from evaluation.figures.classified import judged
from evaluation.manifest import read as read_manifest
from evaluation.measures.classification import Evaluation, evaluate, save_json
from training.data import emotional_speech
from training.data.datasets import RATE, folds
from training.fitting import no_speech
from training.fitting.card import write_card
from training.fitting.crossval import Floats, Ints
from training.fitting.judge import Fold, judge
from training.fitting.nested import Mask
from training.fitting.prior import Prior
from training.importers.role_graph import join_roles
from training.recipes.sentiment import row_time
from training.recipes.sentiment.data import LABELS, SETS, Speech, lesson, read
from training.recipes.sentiment.role_models import RECIPES, TREES, RoleModel
from training.recipes.sentiment.sections import coverage, natural, of_corpora
from training.recipes.sentiment.unseen import Unseen, unseen
from workers import sentiment as worker

FOLDS = 5
ROLES = tuple(RECIPES)
EVERY = 6
"""One recording in so many goes through the workers: that figure confirms the path, the others
measure the models."""


def trained(role: str, speech: Speech, learn: Mask) -> RoleModel:
    """The role's model, fitted on a mask over the utterances."""
    recipe = RECIPES[role]
    return recipe.fit(lesson(recipe, speech, learn))


def scores(model: RoleModel, speech: Speech) -> Floats:
    """Log shares as recorded and over a line, of shape (2, utterances, labels)."""
    return np.stack([model.scores(speech.judged), model.scores(speech.over_line)])


def fold_checkpoint(
    k: int, speech: Speech, fold: Ints, held: Mapping[str, Unseen], kept: Path
) -> Path:
    """The checkpoint of both roles that was not trained on the speakers of a fold; one that an
    interrupted run left is kept."""
    path = kept / f"fold-{k}.onnx"
    if not path.exists():
        models = {role: trained(role, speech, fold != k) for role in ROLES}
        priors = {role: held[role].prior(fold != k) for role in ROLES}
        save(models, path, speech.judged[:64], priors)
        print(f"fold {k} of speakers", flush=True)
    return path


def unseen_speakers(
    role: str, speech: Speech, fold: Ints, checkpoints: Sequence[Path]
) -> list[Evaluation]:
    """Metrics as recorded, over codecs and by set.

    Args:
        fold: of each acted utterance; -1 for natural speech, which every checkpoint learns.
    """
    shares = np.zeros((2, len(fold), len(LABELS)), np.float32)
    for k, path in enumerate(checkpoints):
        model, rows = opened(path), fold == k
        for i, given in enumerate((speech.judged, speech.over_line)):
            shares[i, rows] = model.shares(given[rows])[role]
    acted = ~speech.natural
    parts = [("all sets", acted, shares[0]), ("all sets, over telephone codecs", acted, shares[1])]
    parts += [(name, speech.sources == name, shares[0]) for name, _ in emotional_speech.SETS]
    return [
        evaluate(
            f"{role}: unseen speakers, {name}", LABELS, speech.truth[part], each[part],
            speech.groups[part],
        )
        for name, part, each in parts
    ]  # fmt: skip


def through_workers(
    speech: Speech, fold: Ints, checkpoints: Sequence[Path], data: Path
) -> Evaluation:
    """Of what is answered, by both roles' models, as of a speaker without a role: decoded, cut by
    the VAD, analysed and pooled as in production.

    Args:
        checkpoints: one a fold.
    """
    fold_of = dict(zip(speech.groups.tolist(), fold.tolist(), strict=True))
    rows = read_manifest(data / "labels.jsonl")
    judges = [
        Fold(checkpoint, [row for row in rows if fold_of.get(row.group) == k][::EVERY])
        for k, checkpoint in enumerate(checkpoints)
    ]
    cases = judge("sentiment", judges, LABELS, data)
    answered = [case for case in cases if not case.answer.abstained]
    share = len(answered) / len(cases)
    title = f"both: unseen speakers through the workers, the {share:.0%} answered"
    return judged(answered, LABELS, title)


def main(data: Path, out: Path) -> None:
    """Trains and measures without speakers, corpora and sources, trains on everything, exports,
    writes the card."""
    kept = out / "kept"
    speech = read(data, kept / "speech.npz")
    acted = ~speech.natural
    fold = np.full(len(acted), -1)
    fold[acted] = folds(speech.groups[acted].tolist(), FOLDS)
    print(f"{acted.sum()} acted utterances, {(~acted).sum()} natural", flush=True)
    held = {role: unseen(speech, partial(_answers, role, speech), kept / role) for role in ROLES}
    checkpoints = [fold_checkpoint(k, speech, fold, held, kept) for k in range(FOLDS)]
    results, sections = [], []
    for role in ROLES:
        results += unseen_speakers(role, speech, fold, checkpoints)
        results += of_corpora(role, held[role])
        sections += [coverage(role, held[role]), natural(role, held[role])]
    results.append(through_workers(speech, fold, checkpoints, data))
    models = {role: trained(role, speech, np.ones(len(fold), bool)) for role in ROLES}
    priors = {role: held[role].prior() for role in ROLES}
    path = out / "sentiment.onnx"
    save(models, path, speech.judged[:64], priors)
    save_json(out / "evaluation.json", results)
    sections += [
        no_speech.section(data, len(LABELS), answers(path)),
        row_time.section(models, speech.judged),
    ]
    write_card("sentiment", out, SETS, results, extra="\n\n".join(sections))


def _answers(role: str, speech: Speech, learn: Mask) -> Floats:
    return scores(trained(role, speech, learn), speech)


def opened(path: Path) -> SentimentModel:
    """An exported checkpoint as the workers open it."""
    release = Release(
        analysis="sentiment",
        name="new",
        runtime="onnx",
        uri=str(path.resolve()),
        sha256=sha256(path),
    )
    return worker.load(release, "cpu")


def answers(path: Path) -> dict[str, Callable[[Array], Floats]]:
    """The exported checkpoint's answers for a waveform, by role, through the code of the worker."""
    model = opened(path)
    return {
        role: lambda sound, role=role: model.shares(utterance.describe(sound, RATE)[None])[role][0]
        for role in ROLES
    }


def save(
    models: dict[str, RoleModel], path: Path, example: Floats, priors: dict[str, Prior]
) -> None:
    """Saves models and their priors, both by role, as one checkpoint."""
    biased = {role: model.biased(priors[role].bias) for role, model in models.items()}
    join_roles({role: model.part(role) for role, model in biased.items()}, example.shape[1], path)
    expected = {role: model.scores(example) for role, model in biased.items()}
    # The sum of a projection may differ in its last bit, and a tree then takes the other branch: in
    # shares that is at most the vote of one tree, in their logarithms anything.
    check_parity(path, example, expected, tolerance=1 / TREES, compared=np.exp)
    describe(
        path,
        SentimentMetadata(
            labels=LABELS,
            features=utterance.FEATURES,
            temperature={role: prior.temperature for role, prior in priors.items()},
            answered_from={role: prior.answered_from for role, prior in priors.items()},
        ),
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    main(arguments.data, arguments.out)
