"""Noise classification heads on a network's features: one for each fold, trained without it, and
one trained on everything."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from training.data.datasets import Example
from training.fitting.crossval import Floats, Ints, WindowSet
from training.fitting.heads import answers, head
from training.recipes.noise import sounds, zero_shot
from training.recipes.noise.judged import FINE, FOLDS, Judged

STEP = 2  # of the windows, every second: neighbours overlap by half


@dataclass(frozen=True)
class Heads:
    """Everything that stands on the features; of lists the last is fitted on all folds."""

    rows: Sequence[Example]
    truth: Ints  # class of every recording
    fold: Ints  # of every recording
    layers: list[torch.nn.Linear]  # logits of FINE
    further: list[torch.nn.Linear]  # logits of the zero-shot categories
    limits: list[Floats]  # of these logits

    def whole(self, k: int) -> torch.nn.Linear:
        """One layer with the logits of FINE and of the zero-shot categories."""
        return zero_shot.beside(self.layers[k], self.further[k])

    def judged(
        self,
        features: Floats,
        windows: WindowSet,
        mixed: tuple[float, ...] = (0.0,),
        rare: float = 0.0,
    ) -> Judged:
        """Every unaltered window by the heads and thresholds fitted without its fold."""
        clean = np.flatnonzero(windows.clean)
        owner = windows.owner[clean]
        logits = np.zeros((len(clean), len(FINE)), np.float32)
        division = np.zeros((len(clean), len(zero_shot.NAMES) + 1), np.float32)
        for k in range(FOLDS):
            held = self.fold[owner] == k
            logits[held] = answers(self.layers[k], features[clean[held]])
            raised = answers(self.further[k], features[clean[held]])
            division[held] = zero_shot.split(raised, self.limits[k])
        return Judged(self.rows, self.truth, self.fold, logits, owner, division, mixed, rare)


def fitted(
    features_of: Sequence[Floats],
    windows: WindowSet,
    rows: Sequence[Example],
    truth: Ints,
    fold: Ints,
    wanted_further: Floats,
) -> Heads:
    """Heads on features of the windows, all classes weighted equally.

    Args:
        features_of: of every window; then of altered versions of the same windows, with the
            same labels.
        wanted_further: logits of the zero-shot categories in every window, by YAMNet.
    """
    wanted = np.eye(len(FINE), dtype=np.float32)[truth[windows.owner]]
    of_fold = fold[windows.owner]
    further = zero_shot.layers(features_of[0], wanted_further, of_fold, (*range(FOLDS), -1))
    empty = np.array([sounds.has_none_of_them(row) for row in rows])[windows.owner] & windows.clean
    layers, limits = [], []
    for k in (*range(FOLDS), -1):
        kept = of_fold != k
        chosen = np.flatnonzero(kept)[::STEP]
        features = np.concatenate([version[chosen] for version in features_of]).astype(np.float32)
        layers.append(head(features, np.tile(wanted[chosen], (len(features_of), 1)), rare=1.0))
        raised = answers(further[k], features_of[0][empty & kept])
        limits.append(zero_shot.thresholds(raised))
    return Heads(rows, truth, fold, layers, further, limits)
