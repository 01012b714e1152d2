"""Makes the small noise classifier and measures it on ESC-50 folds and source recordings it has not
heard.

python -m training.recipes.noise.train --data ../shared/data --models ../shared/models --trunk
outputs/trunk/trunk.pt --out outputs/noise

It is a head, fitted in seconds, on the trunk that ``training.recipes.trunk.train`` makes. The
windows are kept in ``--out``, with what YAMNet hears in them, which
``training.recipes.noise.on_yamnet`` learns from.
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
from training.recipes.noise.heads import heard_by, noise_heads
from training.recipes.noise.judged import (
    FINE,
    FOLDS,
    LABELS,
    Degrees,
    Judged,
    coverage,
    matrix,
    measure,
)
from training.recipes.noise.windows import SPEC, build, kept, softer
from training.recipes.trunk.student_net import embedded, hearing, named

MIXED = (-2.0, -1.6, -1.2, -0.8, -0.4, 0.0)
"""Half of the classes that are told apart mean mixed_noise, so their shares add up to it in every
doubt: it has to give way."""
RARE = 0.5
"""In choosing how much, 400 recordings of mixed_noise count 4 times what 25 of another category do,
not 16 times."""
SHIPPED = (
    "## Shipped weights\n\nTheir head is fitted on everything by the same recipe, so the figures"
    " are of the recipe."
)


def export(net: Standardised, path: Path, degrees: Degrees, example: Floats) -> None:
    """What the worker runs: windows in, logarithms of shares of the published categories out."""
    merged = Merged(
        net, torch.from_numpy(matrix()), degrees.window, torch.from_numpy(degrees.prior())
    )
    export_torch(merged, path, example, ("log_mel", "noise_log_shares"))
    bands = np.zeros(SPEC.mel.n_mels, np.float32)
    describe(
        path,
        **window_metadata(LABELS, SPEC, bands, bands + 1, 1.0),
        pooled_temperature=degrees.whole,
        fine_labels=FINE,
    )


def through_workers(
    found: Judged, networks: list[Standardised], example: Floats, data: Path, out: Path
) -> list[Evaluation]:
    """Recordings whose label is a category by ``evaluation/labels/noise.toml``, by each fold's
    export in the worker."""
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
    """Fit a head for each fold and one of everything, measure, export, write the card."""
    out.mkdir(parents=True, exist_ok=True)
    net, rows = hearing(trunk), sounds.recordings(data)
    windows = kept(out / "material.npz", lambda: build(rows, sounds.voices(data), models)).windows
    truth, fold = (
        indices(FINE, [row.label for row in rows]),
        folds([row.group for row in rows], FOLDS),
    )
    features = embedded(net, windows.inputs)
    layers = noise_heads([features, embedded(net, softer(windows.inputs))], windows, truth, fold)
    found = Judged(rows, truth, fold, *heard_by(layers, features, windows, fold), MIXED, RARE)
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
