"""From what a network emits to rounded shares that sum to one."""

import numpy as np
from numpy.typing import NDArray

from earshot.analysis.findings import Classification, Scores
from earshot.analysis.shares import rounded_shares

Array = NDArray[np.float32]


def softmax(logits: Array, temperature: float = 1.0) -> Array:
    """Shares along the last axis. ``temperature`` is fitted on held-out data so that confidence
    means frequency (Guo et al. 2017, On Calibration of Modern Neural Networks)."""
    scaled = logits / np.float32(temperature)
    exponent = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    shares: Array = exponent / exponent.sum(axis=-1, keepdims=True)
    return shares


def rounded(labels: tuple[str, ...], shares: Array) -> Scores:
    """Label to share with 4 digits, by the rule of ``earshot.analysis.shares``."""
    return rounded_shares(dict(zip(labels, shares.tolist(), strict=True)))


def classify(labels: tuple[str, ...], shares: Array) -> Classification:
    """The winning label with all scores; of equals the first in label order."""
    scores = rounded(labels, shares)
    label = max(scores, key=lambda name: scores[name])
    return Classification(label=label, confidence=scores[label], scores=scores)
