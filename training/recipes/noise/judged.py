"""Evaluates cross-validated noise networks on unseen recordings: calibrated, overall and label by
label."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import product

import numpy as np
import torch
from numpy.typing import NDArray

from earshot.analysis.noise_labels import CLASSIFIED
from earshot.models.scoring import softmax
from earshot.models.sound.noise import tempered
from evaluation.measures.classification import Evaluation, evaluate
from training.data.datasets import Example, indices
from training.fitting.crossval import Floats, Ints
from training.fitting.nets import Further
from training.recipes.noise import sounds
from training.recipes.noise.zero_shot import NAMES, STEEP

FINE = tuple(
    dict.fromkeys("baby_cry" if name == "crying_baby" else name for name in sounds.categories())
)
TRAINED = sounds.published()
LABELS = tuple(label for label in CLASSIFIED if label in {*TRAINED, *NAMES})
"""Those with labelled recordings or generated sounds, and those that answer zero-shot."""
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
        """Added to the logarithms of the trained categories' shares."""
        return np.float32(self.mixed) * np.eye(len(TRAINED), dtype=np.float32)[TRAINED.index(REST)]


@dataclass(frozen=True)
class Judged:
    """The evaluated rows, with the outputs of each fold's network for their unaltered windows."""

    rows: Sequence[Example]
    truth: Ints  # among FINE
    fold: Ints
    answers: Floats  # logits (windows, FINE)
    owner: Ints  # of every window
    division: Floats  # of the share of mixed_noise (windows, 1 + zero-shot categories)
    mixed: tuple[float, ...] = (0.0,)  # candidates of ``Temperatures.mixed``
    # how much more the recordings of a rare category count in the choice; 1: all categories alike
    rare: float = 0.0
    fitted: dict[int, Temperatures] = field(default_factory=dict)  # by the fold left out

    def wanted(self) -> Ints:
        """The category of every row, among LABELS."""
        fine = [TRAINED[i] for i in matrix().argmax(axis=1)]
        named = [
            sounds.zero_shot(row) or fine[truth]
            for row, truth in zip(self.rows, self.truth, strict=True)
        ]
        return indices(LABELS, named)

    def held_out(self, other: "Judged | None" = None) -> Floats:
        """Shares of every row under the temperatures fitted on the other folds, of ``other`` or of
        these answers, shape (rows, LABELS)."""
        shares = np.zeros((len(self.rows), len(LABELS)), np.float32)
        for k in range(FOLDS):
            temperatures = (other or self).without(k)
            shares[self.fold == k] = self.coarse(temperatures)[self.fold == k]
        return shares

    def trained(self, temperatures: Temperatures) -> Floats:
        """Shares of the trained categories, shape (windows, TRAINED)."""
        return softmax(
            np.log(softmax(self.answers, temperatures.window) @ matrix() + 1e-6)
            + temperatures.prior(),
            1.0,
        )

    def windowed(self, shares: Floats) -> Floats:
        """Mean over the windows of every row."""
        total = np.zeros((len(self.rows), shares.shape[1]))
        np.add.at(total, self.owner, shares)
        return (total / np.bincount(self.owner, minlength=len(self.rows))[:, None]).astype(
            np.float32
        )

    def coarse(self, temperatures: Temperatures) -> Floats:
        """Shares of LABELS of every row as computed by the worker."""
        shares = divided(self.trained(temperatures), self.division)
        return tempered(self.windowed(shares), temperatures.whole)

    def without(self, k: int) -> Temperatures:
        """The temperatures fitted on the folds other than ``k``; on all of them for -1."""
        if k not in self.fitted:
            self.fitted[k] = self._calibrated(self.fold != k)
        return self.fitted[k]

    def _calibrated(self, chosen: NDArray[np.bool_]) -> Temperatures:
        """The temperatures with the lowest log loss on the chosen recordings, among the trained
        categories."""
        rows, wanted = np.flatnonzero(chosen), matrix().argmax(axis=1)[self.truth[chosen]]
        weight = np.bincount(wanted, minlength=len(TRAINED))[wanted] ** -self.rare
        best: tuple[float, Temperatures] | None = None
        for window, mixed in product(OF_WINDOWS.tolist(), self.mixed):
            mean = self.windowed(self.trained(Temperatures(window, 1.0, mixed)))[rows]
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
    coarse, wanted = found.held_out(), found.wanted()
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
    """Mapping of fine names to trained categories, shape (fine, trained)."""
    category = sounds.categories()
    places = indices(TRAINED, [category[name] for name in FINE])
    return np.eye(len(TRAINED), dtype=np.float32)[places]


def further(limits: Floats) -> Further:
    """The zero-shot categories as ``training.fitting.nets.Merged`` takes them."""
    order = indices([*TRAINED, *NAMES], LABELS)
    return Further(torch.from_numpy(limits), STEEP, TRAINED.index(REST), torch.from_numpy(order))


def divided(shares: Floats, division: Floats) -> Floats:
    """Shares of LABELS, shape (windows, LABELS), out of those of TRAINED.

    Args:
        division: of the share of mixed_noise, as ``zero_shot.split`` returns it.
    """
    found = np.zeros((len(shares), len(LABELS)), np.float32)
    found[:, indices(LABELS, TRAINED)] = shares
    rest = shares[:, [TRAINED.index(REST)]]
    found[:, indices(LABELS, [REST, *NAMES])] = rest * division
    return found
