"""Trains the small noise classifier and evaluates it on ESC-50 folds and unseen source recordings.

python -m training.recipes.noise.train --data ../shared/data --models ../shared/models --trunk
outputs/trunk/trunk.pt --out outputs/noise

It is a head, fitted in seconds, on the trunk of ``training.recipes.trunk.train``. The windows are
kept in ``--out``, with YAMNet's outputs, for ``training.recipes.noise.on_yamnet``.
"""

import argparse
from pathlib import Path

import numpy as np
import torch

from earshot.models.checkpoints.export import describe, export_torch, window_metadata
from earshot.noise.nets import Standardised
from evaluation.figures.classified import judged as evaluated
from evaluation.manifest import read
from evaluation.measures.classification import Evaluation, save_json
from training.data import packaged
from training.data.datasets import folds, indices
from training.fitting.card import write_card
from training.fitting.crossval import Floats
from training.fitting.judge import Fold, judge
from training.fitting.nets import Merged
from training.recipes.noise import sounds
from training.recipes.noise.heads import noise_heads, out_of_fold
from training.recipes.noise.judged import (
    FINE,
    FOLDS,
    LABELS,
    Judged,
    Temperatures,
    coverage,
    matrix,
    measure,
)
from training.recipes.noise.windows import SPEC, build, kept, softer
from training.recipes.trunk.student_net import embedded, named, with_trunk

MIXED = (-2.0, -1.6, -1.2, -0.8, -0.4, 0.0)
"""Half of the fine classes map to mixed_noise, so their shares add up to it in every doubtful case:
this prior reduces it."""
RARE = 0.5
"""For choosing the prior, 400 recordings of mixed_noise count 4 times as much as 25 of another
category, not 16 times."""
SHIPPED = (
    "## Shipped weights\n\nTheir head is fitted on everything by the same recipe, so the figures"
    " are of the recipe."
)


def export(net: Standardised, path: Path, temperatures: Temperatures, example: Floats) -> None:
    """Exports the network for the worker: windows in, logarithms of shares of the published
    categories out."""
    merged = Merged(
        net, torch.from_numpy(matrix()), temperatures.window, torch.from_numpy(temperatures.prior())
    )
    export_torch(merged, path, example, ("log_mel", "noise_log_shares"))
    bands = np.zeros(SPEC.mel.n_mels, np.float32)
    metadata = window_metadata(
        LABELS,
        SPEC,
        bands,
        bands + 1,
        1.0,
        pooled_temperature=temperatures.whole,
        fine_labels=FINE,
    )
    describe(path, metadata)


def through_workers(
    found: Judged, networks: list[Standardised], example: Floats, data: Path, out: Path
) -> list[Evaluation]:
    """Evaluates recordings whose label maps to a category in ``evaluation/labels/noise.toml``, by
    each fold's export in the worker."""
    manifest = {data / row.path: row for row in read(data / "labels.jsonl")}
    judges = []
    for k in range(FOLDS):
        checkpoint = out / "folds" / f"noise-{k}.onnx"
        export(networks[k], checkpoint, found.calibrated(found.fold != k), example)
        rows = [
            manifest[row.path]
            for row, fold in zip(found.rows, found.fold, strict=True)
            if fold == k and row.path in manifest
        ]
        judges.append(Fold(checkpoint, rows))
    cases = judge("noise", judges, LABELS, data)
    return [
        evaluated(
            [case for case in cases if case.row.source == name],
            LABELS,
            f"classes that map, {name}, through the worker",
        )
        for name in ("noise/esc10", "noise/babycry")
    ]


def main(data: Path, models: Path, trunk: Path, out: Path) -> None:
    """Fits a head for each fold and one on everything, evaluates, exports, writes the card."""
    out.mkdir(parents=True, exist_ok=True)
    net, rows = with_trunk(trunk), sounds.recordings(data)
    windows = kept(out / "material.npz", lambda: build(rows, sounds.voices(data), models)).windows
    truth, fold = (
        indices(FINE, [row.label for row in rows]),
        folds([row.group for row in rows], FOLDS),
    )
    features = embedded(net, windows.inputs)
    layers = noise_heads([features, embedded(net, softer(windows.inputs))], windows, truth, fold)
    found = Judged(rows, truth, fold, *out_of_fold(layers, features, windows, fold), MIXED, RARE)
    networks, example = (
        [named(net, layer) for layer in layers],
        windows.inputs[:8].astype(np.float32),
    )
    results = [*through_workers(found, networks, example, data, out), *measure(found)]
    export(networks[-1], out / "noise.onnx", found.calibrated(np.ones(len(rows), bool)), example)
    save_json(out / "evaluation.json", results)
    write_card(
        "noise", out, (*sounds.SETS, *packaged.sets()), results, f"{coverage(results)}\n\n{SHIPPED}"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("--data", "--models", "--trunk", "--out"):
        parser.add_argument(name, type=Path, required=True)
    arguments = parser.parse_args()
    main(arguments.data, arguments.models, arguments.trunk, arguments.out)
