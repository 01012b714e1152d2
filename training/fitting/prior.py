"""How log shares become an answer on recordings of unseen origin: a prior of the labels, a
temperature, and the share below which there is no answer."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from earshot.models.scoring import softmax
from evaluation.measures.classification import expected_calibration_error
from training.fitting.crossval import Floats, Ints

NEAR = 0.05
"""Weight of the squared bias: with few recordings of a label it stays near zero."""
SHARES = (0.5, 0.4, 0.3, 0.25, 0.2, 0.15, 0.1, 0.05)
"""Of natural speech in the weight of all recordings."""
CALIBRATED = 0.07
COVERAGE = 0.75
"""Share of the acted recordings of an unseen corpus that is answered: the least sure quarter is
not."""
STEPS = 200
FLAT = 1e-7
"""Largest slope of the loss at its minimum."""


@dataclass(frozen=True)
class Prior:
    """Fitted on recordings of origins that their models were not trained on."""

    bias: Floats
    """Added to the log shares, shape (labels,); its sum is zero."""
    temperature: float
    answered_from: float
    """Least share of an answer."""

    def shares(self, scores: Floats) -> Floats:
        """Shares of log shares, both of shape (recordings, labels)."""
        return softmax(scores + self.bias, self.temperature)

    def answered(self, scores: Floats) -> NDArray[np.bool_]:
        """Shape (recordings,): false where the answer abstains."""
        found: NDArray[np.bool_] = self.shares(scores).max(axis=1) >= self.answered_from
        return found


@dataclass(frozen=True)
class Held:
    """Recordings with log shares of models that were not trained on their domain."""

    truth: Ints
    scores: Floats  # (recordings, labels)
    origins: NDArray[np.str_]  # corpus or source of each
    natural: NDArray[np.bool_]  # not acted
    domain: Ints

    def of(self, rows: NDArray[np.bool_]) -> "Held":
        """Some of them."""
        return Held(**{name: getattr(self, name)[rows] for name in self.__dataclass_fields__})


def chosen(held: Held) -> Prior:
    """Fitted with as much weight for natural speech as leaves the confidence of acted recordings
    right: the largest of ``SHARES`` with an expected calibration error of at most ``CALIBRATED`` on
    domains that it was not fitted on; the smallest if none has."""
    share = next((one for one in SHARES if _unseen_error(held, one) <= CALIBRATED), SHARES[-1])
    return fitted(held, share)


def fitted(held: Held, natural_share: float) -> Prior:
    """The prior and the temperature with the least log loss (vector scaling of Guo et al. 2017, On
    Calibration of Modern Neural Networks, with one temperature). Acted recordings have the same
    weight for each label, and in it for each origin; natural ones for each origin.

    Args:
        natural_share: of all weight, that of natural speech.
    """
    weight = _weights(held, natural_share)
    found = _least_loss(held, weight)
    bias = (found[1:] - found[1:].mean()).astype(np.float32)
    temperature = round(float(np.exp(-found[0])), 4)
    shares = softmax(held.scores + bias, temperature)
    return Prior(bias, temperature, _least(shares, weight, ~held.natural))


def _least_loss(held: Held, weight: Floats) -> NDArray[np.float64]:
    """The logarithm of the inverse temperature, and the bias: Gauss-Newton steps, each halved until
    the loss falls.

    Raises:
        ArithmeticError: no minimum was found.
    """
    right = np.eye(held.scores.shape[1])[held.truth]
    weight = weight.astype(np.float64)

    def logits(x: NDArray[np.float64]) -> NDArray[np.float64]:
        scaled: NDArray[np.float64] = (held.scores + x[1:]) * np.exp(x[0])
        return scaled

    def loss(x: NDArray[np.float64]) -> float:
        scaled = logits(x)
        missed = np.logaddexp.reduce(scaled, axis=1) - (right * scaled).sum(axis=1)
        return float(weight @ missed + NEAR * np.square(x[1:]).mean())

    x = np.zeros(1 + right.shape[1])
    for _ in range(STEPS):
        gradient, curvature = _slope(logits(x), right, weight, x)
        if np.abs(gradient).max() < FLAT:
            return x
        step, now = np.linalg.solve(curvature, gradient), loss(x)
        while loss(x - step) > now and np.abs(step).max() > FLAT:
            step /= 2
        x = x - step
    raise ArithmeticError(f"no prior after {STEPS} steps: the gradient is {gradient}")


def _slope(
    logits: NDArray[np.float64],
    right: NDArray[np.float64],
    weight: NDArray[np.float64],
    x: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The gradient of the loss in ``x``, and its curvature without the second derivatives of the
    logits, which makes it positive definite."""
    count, labels = logits.shape
    shares = np.exp(logits - np.logaddexp.reduce(logits, axis=1, keepdims=True))
    by = np.empty((count, labels, 1 + labels))  # of each logit in x
    by[:, :, 0], by[:, :, 1:] = logits, np.exp(x[0]) * np.eye(labels)
    gradient = np.einsum("n,nk,nki->i", weight, shares - right, by)
    mean = np.einsum("nk,nki->ni", shares, by)
    curvature = np.einsum("n,nk,nki,nkj->ij", weight, shares, by, by, optimize=True)
    curvature -= np.einsum("n,ni,nj->ij", weight, mean, mean, optimize=True)
    gradient[1:] += 2 * NEAR / labels * x[1:]
    curvature[1:, 1:] += 2 * NEAR / labels * np.eye(labels)
    return gradient, curvature


def _unseen_error(held: Held, natural_share: float) -> float:
    """Expected calibration error on the acted recordings of each domain under the prior fitted on
    the others."""
    right, sure = [], []
    for domain in np.unique(held.domain):
        prior = fitted(held.of(held.domain != domain), natural_share)
        judged = held.of((held.domain == domain) & ~held.natural)
        shares = prior.shares(judged.scores)
        right.append(shares.argmax(axis=1) == judged.truth)
        sure.append(shares.max(axis=1))
    return expected_calibration_error(np.concatenate(right), np.concatenate(sure))


def _weights(held: Held, natural_share: float) -> Floats:
    weight = np.zeros(len(held.truth))
    for kind, share in ((held.natural, natural_share), (~held.natural, 1 - natural_share)):
        cells = {(held.truth[i], held.origins[i]) for i in np.flatnonzero(kind)}
        for label, origin in cells:
            part = kind & (held.truth == label) & (held.origins == origin)
            weight[part] = share / (len(cells) * part.sum())
    return weight.astype(np.float32)


def _least(shares: Floats, weight: Floats, acted: NDArray[np.bool_]) -> float:
    """The share that ``COVERAGE`` of the acted recordings reach, every origin with the same
    weight."""
    top = shares[acted].max(axis=1)
    order = np.argsort(top)
    below = np.cumsum(weight[acted][order])
    return round(float(top[order][np.searchsorted(below / below[-1], 1 - COVERAGE)]), 4)
