"""Assigns folds to recordings: the network evaluated on a fold is not trained on any of it."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from earshot.analysis.findings import SCENES
from evaluation import label_map, manifest
from evaluation.manifest import Row
from training.data.datasets import Example, folds
from training.fitting.crossval import Ints
from training.recipes.scene import sounds

FOLDS = 3
LEARNED = {name for name, _ in sounds.SETS}


def judged_rows(data: Path) -> tuple[list[Row], Ints]:
    """Every row of the manifest with a scene label, and its fold: whole speakers, sources and
    ESC-50 folds. Those of one label in one set are distributed separately, so that each fold has
    some of all."""
    mapping = label_map.read("scene")
    rows = [
        row for row in manifest.read(data / "labels.jsonl") if mapping.truth(row).label in SCENES
    ]
    kinds: dict[tuple[str, str | None], list[str]] = {}
    for row in rows:
        kinds.setdefault((row.source, mapping.truth(row).label), []).append(row.group)
    where: dict[str, int] = {}
    for groups in kinds.values():
        left = [group for group in groups if group not in where]
        where |= dict(zip(left, folds(left, FOLDS).tolist(), strict=True))
    return rows, np.array([where[row.group] for row in rows])


def folds_of(known: Sequence[Example], data: Path, rows: Sequence[Row], fold_of: Ints) -> Ints:
    """Fold of each training recording, given that of every labelled row."""
    where = {data / row.path: int(fold) for row, fold in zip(rows, fold_of, strict=True)}
    return np.array([where[row.path] for row in known])
