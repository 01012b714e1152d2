"""Evaluates cross-validated noise networks on unseen recordings: calibrated, overall and label by
label."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from earshot.analysis.noise_labels import CLASSIFIED
from earshot.models.scoring import softmax
from earshot.models.sound.noise import tempered
from evaluation.measures.classification import Evaluation, evaluate
from training.data.datasets import Example, indices
from training.fitting.crossval import Floats, Ints
from training.recipes.noise import sounds

FINE = tuple(
    dict.fromkeys("baby_cry" if name == "crying_baby" else name for name in sounds.categories())
)
LABELS = sounds.published()
FOLDS = 4
ALL = "all sets"
REST = "mixed_noise"
OF_WINDOWS, OF_POOLED = np.geomspace(0.3, 3, 13), np.geomspace(0.3, 1.5, 13)
"""Candidate temperatures: of each window's shares, and of their mean, which is less confident than
accurate."""


@dataclass(frozen=True)
class Temperatures:
    """Calibration from a network's outputs to shares."""

    window: float  # temperature of each window's shares
    whole: float  # of their mean
    mixed: float = 0.0  # added to the logarithm of the share of mixed_noise, in each window

    def prior(self) -> Floats:
        """Added to the logarithms of the published categories' shares."""
        return np.float32(self.mixed) * np.eye(len(LABELS), dtype=np.float32)[LABELS.index(REST)]


@dataclass(frozen=True)
class Judged:
    """The evaluated rows, with the outputs of each fold's network for their unaltered windows."""

    rows: Sequence[Example]
    truth: Ints  # among FINE
    fold: Ints
    answers: Floats  # logits (windows, FINE)
    owner: Ints  # of every window
    mixed: tuple[float, ...] = (0.0,)  # candidates of ``Temperatures.mixed``
    # how much more the recordings of a rare category count in the choice; 1: all categories alike
    rare: float = 0.0

    def windowed(self, temperatures: Temperatures) -> Floats:
        """Mean share of the published categories over the windows of every row."""
        shares = softmax(
            np.log(softmax(self.answers, temperatures.window) @ matrix() + 1e-6)
            + temperatures.prior(),
            1.0,
        )
        total = np.zeros((len(self.rows), len(LABELS)))
        np.add.at(total, self.owner, shares)
        return (total / np.bincount(self.owner, minlength=len(self.rows))[:, None]).astype(
            np.float32
        )

    def coarse(self, temperatures: Temperatures) -> Floats:
        """Shares of every row as computed by the worker."""
        return tempered(self.windowed(temperatures), temperatures.whole)

    def calibrated(self, chosen: NDArray[np.bool_]) -> Temperatures:
        """The temperatures with the lowest log loss on the chosen recordings."""
        rows, wanted = np.flatnonzero(chosen), matrix().argmax(axis=1)[self.truth[chosen]]
        weight = np.bincount(wanted, minlength=len(LABELS))[wanted] ** -self.rare
        best: tuple[float, Temperatures] | None = None
        for window, mixed in product(OF_WINDOWS.tolist(), self.mixed):
            mean = self.windowed(Temperatures(window, 1.0, mixed))[rows]
            for whole in OF_POOLED.tolist():
                shares = tempered(mean, whole)[np.arange(len(rows)), wanted]
                loss = float(-(weight * np.log(shares + 1e-9)).sum())
                if best is None or loss < best[0]:
                    best = loss, Temperatures(round(window, 4), round(whole, 4), mixed)
        assert best is not None
        return best[1]


def measure(found: Judged) -> list[Evaluation]:
    """Metrics in published categories over all recorded noise and per set, ten-way on ESC-10;
    calibrated on the other folds."""
    groups, sources = (
        np.array([getattr(row, key) for row in found.rows]) for key in ("group", "source")
    )
    recorded = np.char.startswith(sources, sounds.RECORDED)
    coarse = np.zeros((len(found.rows), len(LABELS)), np.float32)
    for k in range(FOLDS):
        coarse[found.fold == k] = found.coarse(found.calibrated(found.fold != k))[found.fold == k]
    wanted = matrix().argmax(axis=1)[found.truth]
    parts = {
        ALL: recorded | True,
        "all recorded noise": recorded,
        **{name: sources == name for name, _ in sounds.SETS},
    }
    return [
        evaluate(f"published categories, {name}", LABELS, wanted[part], coarse[part], groups[part])
        for name, part in parts.items()
    ]


def matrix() -> Floats:
    """Mapping of fine names to published categories, shape (fine, published)."""
    category = sounds.categories()
    return np.eye(len(LABELS), dtype=np.float32)[indices(LABELS, [category[name] for name in FINE])]


def coverage(results: Sequence[Evaluation]) -> str:
    """The categories of the checkpoint and their quality, as a section of its card."""
    whole = next(result for result in results if result.title.endswith(ALL))
    rows = (
        f"| {label} | {count} | {2 * recall * precision / max(recall + precision, 1e-9):.3f} |"
        for label, count, recall, precision in whole.rows()
    )
    rest = [label for label in CLASSIFIED if label not in LABELS]
    table = "\n".join(["| category | recordings | F1 over all sets |", "|---|---|---|", *rows])
    return (
        f"## Coverage\n\n{len(LABELS)} of 58 are covered:\n\n{table}\n\nNot covered ({len(rest)}):"
        f" {', '.join(rest)}."
    )
