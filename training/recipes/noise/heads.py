"""Heads that name noises by what a network hears: one for each fold, which never learns of it, and
one of everything."""

from collections.abc import Sequence

import numpy as np
import torch

from training.fitting.crossval import Floats, Ints, WindowSet
from training.fitting.heads import answers, head
from training.recipes.noise.judged import FINE, FOLDS

STEP = 2  # of the windows, every second: neighbours overlap by half


def noise_heads(
    heard: Sequence[Floats], windows: WindowSet, truth: Ints, fold: Ints
) -> list[torch.nn.Linear]:
    """Fitted on features of the windows, all classes counting alike; that of everything comes last.

    Args:
        heard: features of every window; then of the same windows in other versions, which mean the
            same.
        truth: class of every recording.
        fold: of every recording.
    """
    wanted = np.eye(len(FINE), dtype=np.float32)[truth[windows.owner]]
    layers = []
    for k in (*range(FOLDS), -1):
        chosen = np.flatnonzero(fold[windows.owner] != k)[::STEP]
        features = np.concatenate([version[chosen] for version in heard]).astype(np.float32)
        layers.append(head(features, np.tile(wanted[chosen], (len(heard), 1)), rare=1.0))
    return layers


def heard_by(
    layers: list[torch.nn.Linear], features: Floats, windows: WindowSet, fold: Ints
) -> tuple[Floats, Ints]:
    """Logits of every unaltered window by the head that never learned of its fold, and the
    recording that each is of."""
    clean = np.flatnonzero(windows.clean)
    owner = windows.owner[clean]
    said = np.zeros((len(clean), len(FINE)), np.float32)
    for k in range(FOLDS):
        held = fold[owner] == k
        said[held] = answers(layers[k], features[clean[held]])
    return said, owner
