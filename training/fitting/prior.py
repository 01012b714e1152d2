"""Corrects predicted probabilities for class imbalance in the training set (prior shift)."""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from evaluation.measures.classification import confusion, uar
from training.fitting.crossval import Floats, Ints

NEAR = 0.05
"""Weight of the squared bias: with few recordings of a label it stays near zero."""


def fitted_bias(truth: Ints, scores: Floats) -> Floats:
    """The bias on log shares of shape (recordings, labels) that minimises the log loss with equal
    label weights (vector scaling of Guo et al. 2017, On Calibration of Modern Neural Networks, with
    one temperature); its sum is zero."""
    labels = scores.shape[1]
    weight = 1 / np.maximum(np.bincount(truth, minlength=labels), 1)[truth]
    weight /= weight.sum()

    def loss(x: NDArray[np.float64]) -> float:
        logits = scores * np.exp(x[0]) + x[1:]
        shares = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
        return float(
            -(weight * shares[np.arange(len(truth)), truth]).sum() + NEAR * np.square(x[1:]).mean()
        )

    found = minimize(loss, np.zeros(labels + 1)).x
    bias: Floats = (found[1:] / np.exp(found[0])).astype(np.float32)
    return bias - bias.mean()


def evened(truth: Ints, scores: Floats, fold: Ints) -> Floats:
    """Scores with the bias fitted on the other folds."""
    biased = scores.copy()
    for k in np.unique(fold):
        biased[fold == k] += fitted_bias(truth[fold != k], scores[fold != k])
    return biased


def by_even_uar(truth: Ints, scores: Floats, fold: Ints) -> float:
    """UAR under the bias fitted on the other folds, used to select candidates."""
    return uar(confusion(truth, evened(truth, scores, fold).argmax(axis=1), scores.shape[1]))
