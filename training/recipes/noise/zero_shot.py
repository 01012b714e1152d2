"""Categories that no recording teaches: they answer through AudioSet's classes, zero-shot, where
the trained categories leave ``mixed_noise``.

YAMNet's logits are linear in its features, and the trunk was trained so that these are nearly
linear in its own. So one linear layer over either predicts the logits of the classes in
``audioset_noise.toml``, also of classes that occur in none of the sounds it is fitted on.
"""

import tomllib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from earshot.analysis.noise_labels import CLASSIFIED
from earshot.models.sound.audioset import classes
from training.fitting.crossval import Floats, Ints

MAPPING = Path(__file__).with_name("audioset_noise.toml")
RIDGE = 0.003
"""Penalty of the weights, as a share of the features' mean square."""
FALSE = 0.002
"""Share of the windows that hold nothing of a category and may pass its threshold."""
LOWEST = 0.1
"""Score below which nothing passes, however quiet a class is where it is absent."""
STEEP = 2.0
"""A score's logit this far above the threshold, times this, is the logarithm of its odds against
``mixed_noise``."""


def _mapping() -> dict[str, tuple[int, ...]]:
    named = tomllib.loads(MAPPING.read_text(encoding="utf-8"))["categories"]
    place = {name: i for i, name in enumerate(classes().names)}
    return {
        label: tuple(place[name] for name in named[label]) for label in CLASSIFIED if label in named
    }


CLASSES = _mapping()
"""Category to the places of its classes among YAMNet's, in the order of [004]."""
NAMES = tuple(CLASSES)


def targets(features: Floats, models: Path) -> Floats:
    """The highest of YAMNet's logits of each category's classes, shape (windows, categories).

    Args:
        features: YAMNet's, shape (windows, 1024).
    """
    import onnx
    from onnx import numpy_helper

    graph = onnx.load(str(models / "yamnet" / "yamnet.onnx")).graph
    values = {each.name: numpy_helper.to_array(each) for each in graph.initializer}
    (last,) = (
        node for node in graph.node if node.op_type == "MatMul" and "embedding" in node.input
    )
    logits = features.astype(np.float32) @ values[last.input[1]]
    found: Floats = np.stack(
        [logits[:, list(places)].max(axis=1) for places in CLASSES.values()], axis=1
    ).astype(np.float32)
    return found


def layers(
    features: Floats, wanted: Floats, fold: Ints, folds: Sequence[int]
) -> list[torch.nn.Linear]:
    """For each of ``folds`` the layer with the least squared error on the windows of the others
    (ridge regression).

    Args:
        features: shape (windows, features).
        wanted: shape (windows, categories).
        fold: of every window.
    """
    sums = {}
    for k in sorted(set(fold.tolist())):
        rows = np.append(
            features[fold == k].astype(np.float32),
            np.ones(((fold == k).sum(), 1), np.float32),
            axis=1,
        )
        sums[k] = (
            (rows.T @ rows).astype(np.float64),
            (rows.T @ wanted[fold == k]).astype(np.float64),
        )
    found = []
    for left_out in folds:
        kept = [sums[k] for k in sums if k != left_out]
        gram, moment = sum(a for a, _ in kept), sum(b for _, b in kept)
        penalty = np.full(len(gram), RIDGE * np.diag(gram)[:-1].mean())
        penalty[-1] = 0.0
        solved = np.linalg.solve(gram + np.diag(penalty), moment)
        layer = torch.nn.Linear(*solved[:-1].shape)
        with torch.no_grad():
            layer.weight.copy_(torch.from_numpy(solved[:-1].T))
            layer.bias.copy_(torch.from_numpy(solved[-1]))
        found.append(layer)
    return found


def beside(layer: torch.nn.Linear, further: torch.nn.Linear) -> torch.nn.Linear:
    """One layer with the outputs of both, those of ``layer`` first."""
    both = torch.nn.Linear(layer.in_features, layer.out_features + further.out_features)
    with torch.no_grad():
        both.weight.copy_(torch.cat([layer.weight, further.weight]))
        both.bias.copy_(torch.cat([layer.bias, further.bias]))
    return both


def thresholds(raised: Floats) -> Floats:
    """The logit of each category that ``FALSE`` of the windows pass, which hold nothing of any.

    Args:
        raised: logits, shape (windows, categories).
    """
    found: Floats = np.maximum(
        np.quantile(raised, 1 - FALSE, axis=0), np.log(LOWEST / (1 - LOWEST))
    ).astype(np.float32)
    return found


def split(raised: Floats, limits: Floats) -> Floats:
    """How each window's share of ``mixed_noise`` is divided: shape (windows, 1 + categories), the
    rest first."""
    odds = np.concatenate([np.zeros((len(raised), 1)), STEEP * (raised - limits)], axis=1)
    odds = np.exp(odds - odds.max(axis=1, keepdims=True))
    found: Floats = (odds / odds.sum(axis=1, keepdims=True)).astype(np.float32)
    return found
