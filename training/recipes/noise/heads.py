"""Noise classification heads on a network's features: one for each fold, trained without it, and
one trained on everything."""

from collections.abc import Sequence

import numpy as np
import torch

from training.fitting.crossval import Floats, Ints, WindowSet
from training.fitting.heads import answers, head
from training.recipes.noise.judged import FINE, FOLDS

STEP = 2  # of the windows, every second: neighbours overlap by half


def noise_heads(
    features_of: Sequence[Floats], windows: WindowSet, truth: Ints, fold: Ints
) -> list[torch.nn.Linear]:
    """Heads fitted on features of the windows, all classes weighted equally; the one trained on
    everything comes last.

    Args:
        features_of: of every window; then of altered versions of the same windows, with the
            same labels.
        truth: class of every recording.
        fold: of every recording.
    """
    wanted = np.eye(len(FINE), dtype=np.float32)[truth[windows.owner]]
    layers = []
    for k in (*range(FOLDS), -1):
        chosen = np.flatnonzero(fold[windows.owner] != k)[::STEP]
        features = np.concatenate([version[chosen] for version in features_of]).astype(np.float32)
        layers.append(head(features, np.tile(wanted[chosen], (len(features_of), 1)), rare=1.0))
    return layers


def out_of_fold(
    layers: list[torch.nn.Linear], features: Floats, windows: WindowSet, fold: Ints
) -> tuple[Floats, Ints]:
    """Logits of every unaltered window by the head trained without its fold, and the recording of
    each."""
    clean = np.flatnonzero(windows.clean)
    owner = windows.owner[clean]
    logits = np.zeros((len(clean), len(FINE)), np.float32)
    for k in range(FOLDS):
        held = fold[owner] == k
        logits[held] = answers(layers[k], features[clean[held]])
    return logits, owner
