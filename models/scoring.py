"""From what a network emits to rounded shares that sum to one."""

import numpy as np
from numpy.typing import NDArray

from analysis.findings import Classification, Scores

Array = NDArray[np.float32]

STEPS = 10_000
"""Shares are whole multiples of 1 / STEPS, so that the same audio gives the same bytes on every machine."""


def softmax(logits: Array, temperature: float = 1.0) -> Array:
    """Shares along the last axis. ``temperature`` is fitted on held-out data so that confidence means frequency
    (Guo et al. 2017, On Calibration of Modern Neural Networks)."""
    scaled = logits / np.float32(temperature)
    exponent = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    shares: Array = exponent / exponent.sum(axis=-1, keepdims=True)
    return shares


def rounded(labels: tuple[str, ...], shares: Array) -> Scores:
    """Label to share with 4 digits; largest remainders are rounded up, so that the sum stays 1 (000-21)."""
    exact = np.maximum(shares.astype(np.float64), 0) * STEPS / shares.sum(dtype=np.float64)
    steps = np.floor(exact).astype(int)
    order = np.argsort(steps - exact, kind="stable")
    steps[order[: STEPS - int(steps.sum())]] += 1
    return {label: int(step) / STEPS for label, step in zip(labels, steps, strict=True)}


def classify(labels: tuple[str, ...], shares: Array) -> Classification:
    """The winning label with all scores; of equals the first in label order."""
    scores = rounded(labels, shares)
    label = max(scores, key=lambda name: scores[name])
    return Classification(label=label, confidence=scores[label], scores=scores)
