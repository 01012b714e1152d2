"""Trains the acoustic sentiment models, an SVM for customers and a random forest for agents (002-20), on emotional speech.

python -m training.sentiment --data ../shared/data --out outputs/sentiment
"""

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from audio import voice
from evaluation.classification import Evaluation, evaluate, save_json
from training import emotional_speech
from training.augment import telephone
from training.card import write_card
from training.crossval import Floats, Ints, calibrated_shares
from training.datasets import RATE, folds, indices, waveform
from training.export import check_parity, describe
from training.role_graph import join_roles

LABELS = ("negative", "neutral", "positive")  # C-06
FOLDS = 5
ROLES = ("customer", "agent")


@dataclass(frozen=True)
class Speech:
    """Features and labels of all utterances."""

    clean: Floats
    narrow: Floats  # the same through a telephone band
    truth: Ints
    groups: NDArray[np.str_]
    sources: NDArray[np.str_]


def read(data: Path) -> Speech:
    """Compute the features of every labelled utterance."""
    rows = emotional_speech.utterances(data, "sentiment", LABELS)
    sound = [emotional_speech.trimmed(waveform(row.path)) for row in rows]
    return Speech(
        clean=np.stack([voice.describe(samples, RATE) for samples in sound]),
        narrow=np.stack([voice.describe(telephone(samples), RATE) for samples in sound]),
        truth=indices(LABELS, [row.label for row in rows]),
        groups=np.array([row.group for row in rows]),
        sources=np.array([row.source for row in rows]),
    )


def new_model(role: str) -> Pipeline:
    """An untrained model with its own scaler. Rare labels weigh more, so that recall counts and not the sets' mixture."""
    if role == "customer":
        # 64 components keep the support vectors small; quality is the same within the interval.
        return make_pipeline(StandardScaler(), PCA(64, random_state=0), SVC(C=2.0, gamma="scale", class_weight="balanced"))
    forest = RandomForestClassifier(
        120, max_leaf_nodes=96, min_samples_leaf=3, max_features=24, class_weight="balanced_subsample", random_state=0
    )
    return make_pipeline(StandardScaler(), forest)


def raw_scores(model: Pipeline, features: Floats) -> Floats:
    """What the checkpoint emits, to be divided by a temperature: margins of the SVM, log shares of the forest."""
    if hasattr(model, "predict_proba"):
        return np.log(model.predict_proba(features) + 1e-3).astype(np.float32)
    return model.decision_function(features).astype(np.float32)


def measure(role: str, speech: Speech) -> tuple[list[Evaluation], float]:
    """Cross-validated quality on wide-band speech, on the same speech over a telephone band, per set; and the temperature."""
    clean, narrow, truth, groups = speech.clean, speech.narrow, speech.truth, speech.groups
    fold = folds(groups.tolist(), FOLDS)
    wide, thin = np.zeros((2, len(truth), len(LABELS)), np.float32)
    for k in range(FOLDS):
        learn, judge = fold != k, fold == k
        model = new_model(role).fit(np.concatenate([clean[learn], narrow[learn]]), np.tile(truth[learn], 2))
        wide[judge], thin[judge] = raw_scores(model, clean[judge]), raw_scores(model, narrow[judge])
    owner = np.arange(len(truth))
    shares, temperature = calibrated_shares(truth, wide, owner, fold)
    telephone_shares, _ = calibrated_shares(truth, thin, owner, fold)
    results = [
        evaluate(f"{role}: unseen speakers, all sets", LABELS, truth, shares, groups),
        evaluate(f"{role}: the same over a telephone band", LABELS, truth, telephone_shares, groups),
    ]
    for name, _ in emotional_speech.SETS:
        part = speech.sources == name
        results.append(evaluate(f"{role}: unseen speakers, {name}", LABELS, truth[part], shares[part], groups[part]))
    return results, temperature


def main(data: Path, out: Path) -> None:
    """Measure by cross-validation, train on everything, export, write the card."""
    speech = read(data)
    print(f"{len(speech.truth)} utterances of {len(set(speech.groups))} speakers", flush=True)
    results, temperature, models = [], {}, {}
    for role in ROLES:
        measured, temperature[role] = measure(role, speech)
        results += measured
        models[role] = new_model(role).fit(np.concatenate([speech.clean, speech.narrow]), np.tile(speech.truth, 2))
    path = out / "sentiment.onnx"
    save(models, path, speech.clean[:64], temperature)
    save_json(out / "evaluation.json", results)
    write_card("sentiment", out, emotional_speech.SETS, results)


def save(models: dict[str, Pipeline], path: Path, example: Floats, temperature: dict[str, float]) -> None:
    """Both role models as one checkpoint."""
    path.parent.mkdir(parents=True, exist_ok=True)
    join_roles(models, example.shape[1], path)
    check_parity(path, example, {role: raw_scores(model, example) for role, model in models.items()}, tolerance=0.02)
    metadata: dict[str, Any] = {"labels": LABELS, "features": voice.FEATURES, "temperature": temperature}
    describe(path, **metadata)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    main(arguments.data, arguments.out)
