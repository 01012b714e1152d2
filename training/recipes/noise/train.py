"""Trains the small noise classifier and evaluates it on ESC-50 folds and unseen source recordings.

python -m training.recipes.noise.train --data ../shared/data --models ../shared/models --trunk
outputs/trunk/trunk.pt --out outputs/noise

It is a head, fitted in seconds, on the trunk of ``training.recipes.trunk.train``. The windows are
kept in ``--out``, with YAMNet's outputs, for ``training.recipes.noise.on_yamnet``.
"""

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from earshot.models.checkpoints.export import describe, export_torch, window_metadata
from earshot.models.metadata import Evidence
from earshot.noise.nets import Standardised
from evaluation.figures.classified import judged as evaluated
from evaluation.manifest import read
from evaluation.measures.classification import Evaluation, save_json
from training.data import packaged
from training.data.datasets import folds, indices
from training.fitting.card import write_card
from training.fitting.crossval import Floats, WindowSet
from training.fitting.judge import Fold, judge
from training.fitting.nets import Divided, Merged
from training.recipes.noise import sounds, zero_shot
from training.recipes.noise.evidence import evidence, section
from training.recipes.noise.heads import Heads, fitted
from training.recipes.noise.judged import (
    FINE,
    FOLDS,
    LABELS,
    Judged,
    Temperatures,
    further,
    matrix,
    measure,
)
from training.recipes.noise.unseen import unseen
from training.recipes.noise.windows import SPEC, build, kept, softer, telephoned
from training.recipes.trunk.student_net import embedded, named, with_trunk

MIXED = (-2.0, -1.6, -1.2, -0.8, -0.4, 0.0)
"""Half of the fine classes map to mixed_noise, so their shares add up to it in every doubtful case:
this prior reduces it."""
RARE = 0.5
"""For choosing the prior, 400 recordings of mixed_noise count 4 times as much as 25 of another
category, not 16 times."""
ALTERED = 4
"""Of the windows of altered copies, every fourth: neighbours overlap, and copies are many."""
SHIPPED = (
    "## Shipped weights\n\nTheir head is fitted on everything by the same recipe, so the figures"
    " are of the recipe."
)


def export(
    net: Standardised,
    path: Path,
    temperatures: Temperatures,
    limits: Floats,
    example: Floats,
    evidence: Evidence | None = None,
) -> None:
    """Exports the network for the worker: windows in, logarithms of shares of the published
    categories out."""
    merged = Merged(
        net, torch.from_numpy(matrix()), temperatures.window, torch.from_numpy(temperatures.prior())
    )
    export_torch(Divided(merged, further(limits)), path, example, ("log_mel", "noise_log_shares"))
    bands = np.zeros(SPEC.mel.n_mels, np.float32)
    metadata = window_metadata(
        LABELS,
        SPEC,
        bands,
        bands + 1,
        1.0,
        pooled_temperature=temperatures.whole,
        fine_labels=FINE,
        evidence=evidence,
    )
    describe(path, metadata)


def through_workers(
    found: Judged,
    heads: Heads,
    networks: list[Standardised],
    example: Floats,
    data: Path,
    out: Path,
) -> list[Evaluation]:
    """Evaluates recordings whose label maps to a category in ``evaluation/labels/noise.toml``, by
    each fold's export in the worker."""
    manifest = {data / row.path: row for row in read(data / "labels.jsonl")}
    judges = []
    for k in range(FOLDS):
        checkpoint = out / "folds" / f"noise-{k}.onnx"
        export(networks[k], checkpoint, found.without(k), heads.limits[k], example)
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


def once(path: Path, make: Callable[[], Floats]) -> Floats:
    """The result of ``make``, computed once and read from ``path`` afterwards."""
    if not path.is_file():
        np.save(path, make().astype(np.float16))
    found: Floats = np.load(path)
    return found


def main(data: Path, models: Path, trunk: Path, out: Path) -> None:
    """Fits a head for each fold and one on everything, evaluates, exports, writes the card."""
    out.mkdir(parents=True, exist_ok=True)
    net, rows = with_trunk(trunk), sounds.recordings(data)
    material = kept(out / "material.npz", lambda: build(rows, sounds.voices(data), models))
    chosen = material.windows.clean | (np.arange(len(material.features)) % ALTERED == 0)
    windows = WindowSet(*(each[chosen] for each in vars(material.windows).values()))
    over = kept(
        out / "telephoned.npz", lambda: telephoned(rows, sounds.voices(data), models)
    ).windows
    truth, fold = (
        indices(FINE, [row.label for row in rows]),
        folds([row.group for row in rows], FOLDS),
    )
    features = once(out / "features.npy", lambda: embedded(net, windows.inputs))
    soft = once(out / "softer.npy", lambda: embedded(net, softer(windows.inputs)))
    heads = fitted(
        [features, soft],
        windows,
        rows,
        truth,
        fold,
        zero_shot.targets(material.features[chosen], models),
    )
    found = heads.judged(features, windows, MIXED, RARE)
    narrow = heads.judged(
        once(out / "narrow.npy", lambda: embedded(net, over.inputs)), over, MIXED, RARE
    )
    networks, example = (
        [named(net, heads.whole(k)) for k in (*range(FOLDS), -1)],
        windows.inputs[:8].astype(np.float32),
    )
    known = evidence(found, narrow)
    results = [*through_workers(found, heads, networks, example, data, out), *measure(found)]
    shipped = out / "noise.onnx"
    export(
        networks[-1],
        shipped,
        found.without(-1),
        heads.limits[-1],
        example,
        known,
    )
    save_json(out / "evaluation.json", results)
    extra = f"{section(found, narrow, known)}\n\n{unseen(shipped, data)}\n\n{SHIPPED}"
    write_card("noise", out, (*sounds.SETS, *packaged.sets()), results, extra)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("--data", "--models", "--trunk", "--out"):
        parser.add_argument(name, type=Path, required=True)
    arguments = parser.parse_args()
    main(arguments.data, arguments.models, arguments.trunk, arguments.out)
