"""Trains the small network for the five scenes, and evaluates it through the worker on unseen
recordings.

python -m training.recipes.scene.train --data ../shared/data --models ../shared/models --trunk
outputs/trunk/trunk.pt --out outputs/scene

It is a head, fitted in seconds, on the trunk of ``training.recipes.trunk.train``. The windows are
kept in ``--out``.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from earshot.analysis.findings import SCENES
from earshot.models.calibration import calibrate
from earshot.models.checkpoints.export import describe, export_torch, window_metadata
from earshot.noise.nets import Standardised
from evaluation.figures.classified import judged
from evaluation.figures.tally import Case
from evaluation.measures.classification import save_json
from training.data import packaged
from training.data.datasets import indices
from training.fitting.card import summary, write_card
from training.fitting.crossval import Floats, Ints
from training.fitting.heads import answers, head
from training.fitting.judge import Fold, evaluations, judge
from training.recipes.noise.windows import SPEC
from training.recipes.scene import sounds
from training.recipes.scene.folds import FOLDS, LEARNED, folds_of, judged_rows
from training.recipes.scene.windows import Taught, kept, lessons
from training.recipes.trunk.student_net import embedded, named, with_trunk

RARE = 0.5
"""Most windows are speech: the other scenes are weighted by the root of their rarity."""


def temperatures(taught: Taught, truth: Ints, owner_fold: Ints, logits: Floats) -> list[float]:
    """For each fold the temperature fitted on the recordings of the others, each with the answer of
    the head trained without it; then the one over all. Windows with a silence target do not count,
    as in the worker's answer for a whole recording.

    Args:
        truth: scene of every recording.
        owner_fold: of every window.
        logits: logits of every window.
    """
    counted = taught.windows.clean & (taught.targets.argmax(axis=1) != SCENES.index("silence"))
    return [
        _temperature(truth, logits, taught.windows.owner, counted & (owner_fold != k))
        for k in (*range(FOLDS), FOLDS)
    ]


def _temperature(truth: Ints, logits: Floats, owner: Ints, chosen: np.ndarray) -> float:
    rows, positions = np.unique(owner[chosen], return_inverse=True)
    return calibrate(truth[rows], logits[chosen], positions)


def export(net: Standardised, example: Floats, temperature: float, path: Path) -> None:
    """Exports the network for the worker: windows in, logits out."""
    export_torch(net, path, example.astype(np.float32), ("log_mel", "scene_logits"))
    bands = np.zeros(SPEC.mel.n_mels, np.float32)
    describe(path, window_metadata(SCENES, SPEC, bands, bands + 1, temperature))


def main(data: Path, models: Path, trunk: Path, out: Path) -> None:
    """Fits a head for each fold and one on everything, evaluates them, exports the last, writes the
    card."""
    out.mkdir(parents=True, exist_ok=True)
    net, known = with_trunk(trunk), sounds.recordings(data)
    rows, fold_of = judged_rows(data)
    taught = kept(out / "material.npz", lambda: lessons(known, models))
    owner_fold = np.append(folds_of(known, data, rows, fold_of), -1)[
        taught.windows.owner
    ]  # generated sounds: every head's
    features = embedded(net, taught.windows.inputs)
    logits, layers = np.zeros_like(taught.targets), []
    for k in (*range(FOLDS), FOLDS):
        held = owner_fold == k
        layers.append(head(features[~held], taught.targets[~held], RARE))
        logits[held] = answers(layers[-1], features[held])
    fitted = temperatures(taught, indices(SCENES, [row.label for row in known]), owner_fold, logits)
    paths = [*(out / "folds" / f"scene-{k}.onnx" for k in range(FOLDS)), out / "scene.onnx"]
    for layer, temperature, path in zip(layers, fitted, paths, strict=True):
        export(named(net, layer), taught.windows.inputs[:8], temperature, path)
    judges = [
        Fold(paths[k], [row for row, fold in zip(rows, fold_of, strict=True) if fold == k])
        for k in range(FOLDS)
    ]
    cases = judge("scene", judges, SCENES, data)
    whole, *by_set = evaluations(cases, SCENES, "all recordings")
    results = [whole, *(judged(part, SCENES, title) for title, part in _parts(cases).items())]
    save_json(out / "evaluation.json", [*results, *by_set])
    write_card(
        "scene", out, (*sounds.SETS, *packaged.sets()), results, f"## By set\n\n{summary(by_set)}"
    )


def _parts(cases: Sequence[Case]) -> dict[str, list[Case]]:
    return {
        "all but speech": [case for case in cases if case.truth != "speech"],
        "sets that nothing was learned from": [
            case for case in cases if case.row.source not in LEARNED
        ],
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("--data", "--models", "--trunk", "--out"):
        parser.add_argument(name, type=Path, required=True)
    arguments = parser.parse_args()
    main(arguments.data, arguments.models, arguments.trunk, arguments.out)
