"""A linear head over pooled features, and its calibration for corpora that it never learnt of."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from earshot.analysis.report.ordinary import LEAST
from earshot.models.scoring import softmax
from training.recipes.emotion_on_whisper.data import KINDS, LABELS, LAYERS, Utterances

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]


NO_SPEECH = 0.25
"""Weight of sounds without speech, where that of each kind of acted emotion is 1."""


@dataclass(frozen=True)
class Candidate:
    """What the recipe chooses between."""

    layer: int
    natural: float
    """Weight of natural speech, where that of each kind of acted emotion is 1."""
    decay: float
    """Weight of the penalty on weights, over standardised features, against a mean loss."""


CANDIDATES = tuple(Candidate(*each) for each in product(LAYERS, (0.1, 0.3), (0.03, 0.1)))


@dataclass(frozen=True)
class Head:
    """Logits are ``features @ weight + bias``; shape (features, labels)."""

    candidate: Candidate
    weight: Floats
    bias: Floats

    def logits(self, found: Utterances, take: int) -> Floats:
        """Mean over the parts of each utterance, shape (utterances, labels)."""
        chosen = found.take == take
        each = found.features[self.candidate.layer][chosen] @ self.weight + self.bias
        total = np.zeros((len(found.kind), len(LABELS)), np.float32)
        np.add.at(total, found.utterance[chosen], each)
        parts = np.bincount(found.utterance[chosen], minlength=len(total))
        return total / np.maximum(parts, 1)[:, None]


def fit(found: Utterances, candidate: Candidate, usable: Mask) -> Head:
    """Multinomial logistic regression on all takes of some utterances. Each acted emotion weighs
    the same, in it each corpus by the root of its size; natural speech is neutral, each source
    by the root of its size."""
    from sklearn.linear_model import LogisticRegression

    usable = usable & found.learnt
    of_part = np.flatnonzero(usable[found.utterance])
    features = found.features[candidate.layer][of_part]
    mean, std = features.mean(axis=0), features.std(axis=0) + 1e-3
    owner = found.utterance[of_part]
    weights = _weights(found, usable, candidate.natural)[owner]
    weights = weights / np.bincount(owner, minlength=len(usable))[owner]
    kinds = found.kind[owner]
    # A uniform target is one row a kind.
    rows = np.concatenate([np.flatnonzero(kinds >= 0), *[np.flatnonzero(kinds < 0)] * len(KINDS)])
    kinds = np.concatenate(
        [kinds[kinds >= 0], np.repeat(np.arange(len(KINDS)), int((kinds < 0).sum()))]
    )
    weights = weights[rows] / weights[rows].mean()
    model = LogisticRegression(C=1 / (candidate.decay * len(rows)), max_iter=300, tol=1e-4)
    model.fit(((features - mean) / std)[rows], kinds, sample_weight=weights)
    coefficients = np.zeros((len(KINDS), features.shape[1]))
    offsets = np.full(len(KINDS), -30.0)  # of kinds without an example
    coefficients[model.classes_], offsets[model.classes_] = model.coef_, model.intercept_
    weight = (coefficients / std)[: len(LABELS)].T
    return Head(
        candidate,
        weight.astype(np.float32),
        (offsets[: len(LABELS)] - mean @ weight).astype(np.float32),
    )


def _weights(found: Utterances, usable: Mask, natural: float) -> Floats:
    weights = np.zeros(len(found.kind), np.float32)
    for kind in range(len(KINDS)):
        _share(weights, found, usable & found.acted & (found.kind == kind), 1.0)
    _share(weights, found, usable & found.natural, natural)
    _share(weights, found, usable & (found.kind < 0), NO_SPEECH / len(KINDS))
    return weights


def _share(weights: Floats, found: Utterances, members: Mask, total: float) -> None:
    sources, size = np.unique(found.source[members], return_counts=True)
    roots = np.sqrt(size)
    for source, root, count in zip(sources, roots, size, strict=True):
        weights[members & (found.source == source)] = total * root / roots.sum() / count


@dataclass(frozen=True)
class Calibration:
    """Coefficients of the logarithm of the temperature, and the least share of an answer (as
    ``earshot.analysis.emotion.findings.Judging``)."""

    temperature: Floats
    answered_from: float
    short: float = 0.0
    short_ms: int = 1_000

    def shares(self, logits: Floats, terms: Floats) -> Floats:
        """Calibrated shares, shape (rows, labels)."""
        return softmax(logits, np.exp(terms @ self.temperature)[:, None])

    def least(self, seconds: Floats) -> Floats:
        """Least share of an answer that rests on this much speech, shape (rows,)."""
        asked = self.answered_from + self.short * np.exp(-1_000 * seconds / self.short_ms)
        return np.minimum(asked, 1).astype(np.float32)


@dataclass(frozen=True)
class Judged:
    """Logits of utterances that a head was not trained on, with what their calibration needs."""

    logits: Floats
    terms: Floats
    seconds: Floats
    kind: NDArray[np.int64]
    source: NDArray[np.str_]

    def where(self, rows: Mask) -> "Judged":
        """Some of them."""
        return Judged(*(getattr(self, key)[rows] for key in _KEYS))

    @classmethod
    def joined(cls, parts: Iterable["Judged"]) -> "Judged":
        rows = list(parts)
        return cls(*(np.concatenate([getattr(each, key) for each in rows]) for key in _KEYS))


_KEYS = ("logits", "terms", "seconds", "kind", "source")


def judged(head: Head, found: Utterances, rows: Mask, takes: Iterable[int]) -> Judged:
    """The answers of a head to the given takes of the given utterances."""
    return Judged.joined(
        Judged(
            head.logits(found, take)[rows],
            found.terms[take, rows],
            found.seconds[take, rows],
            found.kind[rows],
            found.source[rows],
        )
        for take in takes
    )


def calibrate(seen: Judged, coverage: float) -> Calibration:
    """The temperature with the least log loss, each corpus weighing the same, and the share that
    this many of the answers reach.

    The temperature does not fall with noise or with shorter speech: coefficients of length and
    contrast are at most 0.
    """
    from scipy.optimize import minimize

    sources, size = np.unique(seen.source, return_counts=True)
    weight = (1 / size)[np.searchsorted(sources, seen.source)] / len(sources)
    rows = np.arange(len(seen.kind))

    def loss(coefficients: Floats) -> float:
        shares = softmax(seen.logits, np.exp(seen.terms @ coefficients)[:, None].astype(np.float32))
        return float(-(weight * np.log(shares[rows, seen.kind] + 1e-9)).sum())

    bounds = [(-2.0, 3.0), (-1.0, 0.0), (-1.0, 0.0)]
    best = minimize(loss, np.array([0.7, -0.05, -0.05]), method="L-BFGS-B", bounds=bounds)
    found = Calibration(np.round(best.x, 4).astype(np.float32), 0.0)
    top = found.shares(seen.logits, seen.terms).max(axis=1)
    order = np.argsort(top)
    passed = np.cumsum(weight[order])
    least = float(top[order][np.searchsorted(passed, 1 - coverage)])
    return Calibration(found.temperature, round(least, 4))


def ordinary(shares: Floats, source: NDArray[np.str_]) -> tuple[float, ...]:
    """Mean logarithm of the shares of natural speech, each source weighing the same."""
    logs = np.log(np.maximum(shares, LEAST))
    means = [logs[source == name].mean(axis=0) for name in np.unique(source)]
    return tuple(round(float(value), 4) for value in np.mean(means, axis=0))
