"""Paired comparison of two releases on the same recordings, by groups."""

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

AT_ONCE = 100
"""Draws whose matrices are in memory together."""


class Paired(NamedTuple):
    """A measure of both, how much better the candidate's is, and the 95 % interval of that: whole
    groups drawn anew, the same for both."""

    candidate: float
    active: float
    difference: float
    low: float
    high: float


def compare(
    truth: Ints,
    candidate: Ints,
    active: Ints,
    groups: Sequence[str],
    labels: int,
    *,
    measure: Literal["macro_f1", "uar"],
    draws: int,
) -> Paired:
    """Compares answers of shape (recordings,) with the truth, all as positions of labels.

    Args:
        candidate: ``labels`` stands for no answer, which is wrong; likewise ``active``.
        groups: name of each recording's group.
    """
    names, where = np.unique(np.array(groups), return_inverse=True)
    both = [_matrices(truth, answers, where, len(names), labels) for answers in (candidate, active)]
    score = macro_f1 if measure == "macro_f1" else uar
    ours, theirs = (float(score(each.sum(axis=0)[None])[0]) for each in both)
    found: list[Floats] = []
    for drawn in _drawn(len(names), draws):
        better, former = (np.tensordot(drawn, each, axes=1) for each in both)
        found.append(score(better) - score(former))
    return _paired(ours, theirs, ours - theirs, found)


def compare_errors(
    candidate: Ints, active: Ints, reference: Ints, groups: Sequence[str], *, draws: int
) -> Paired:
    """Compares error rates, each the sum of errors over that of the reference, of shape
    (recordings,); the difference is what the candidate does less."""
    names, where = np.unique(np.array(groups), return_inverse=True)
    ours, theirs, spoken = (
        np.bincount(where, each, len(names)) for each in (candidate, active, reference)
    )
    found = [
        ((drawn @ theirs) - (drawn @ ours)) / np.maximum(drawn @ spoken, 1)
        for drawn in _drawn(len(names), draws)
    ]
    rates = [float(each.sum() / max(spoken.sum(), 1)) for each in (ours, theirs)]
    return _paired(rates[0], rates[1], rates[1] - rates[0], found)


def _drawn(groups: int, draws: int) -> Iterator[Ints]:
    """How often each group is drawn; shape (up to ``AT_ONCE``, groups)."""
    random = np.random.default_rng(0)
    for begin in range(0, draws, AT_ONCE):
        yield random.multinomial(groups, np.full(groups, 1 / groups), min(AT_ONCE, draws - begin))


def _paired(candidate: float, active: float, difference: float, found: Sequence[Floats]) -> Paired:
    low, high = np.percentile(np.concatenate(found), [2.5, 97.5])
    return Paired(candidate, active, difference, float(low), float(high))


def macro_f1(matrices: Ints) -> Floats:
    """Mean F1 over the labels that occur, of each confusion matrix; shape (n, labels, labels +
    1)."""
    square = matrices[:, :, :-1]
    hits = np.diagonal(square, axis1=1, axis2=2)
    support = matrices.sum(axis=2)
    f1 = 2 * hits / np.maximum(support + square.sum(axis=1), 1)
    return _mean_of_present(f1, support)


def uar(matrices: Ints) -> Floats:
    """Mean recall over the labels that occur, of each matrix as in ``macro_f1``."""
    support = matrices.sum(axis=2)
    hits = np.diagonal(matrices[:, :, :-1], axis1=1, axis2=2)
    return _mean_of_present(hits / np.maximum(support, 1), support)


def _mean_of_present(values: Floats, support: Ints) -> Floats:
    present = support > 0
    found: Floats = (values * present).sum(axis=1) / np.maximum(present.sum(axis=1), 1)
    return found


def _matrices(truth: Ints, answers: Ints, groups: Ints, count: int, labels: int) -> Ints:
    """Confusion matrix of each group, rows truth and columns answers."""
    width = labels + 1
    cells = (groups * labels + truth) * width + answers
    return np.bincount(cells, minlength=count * labels * width).reshape(count, labels, width)
