"""Metrics of a classifier on recordings it was not trained on."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

DRAWS = 500
"""Times that whole groups are drawn anew for an interval."""


@dataclass(frozen=True)
class Evaluation:
    """Quality on one set of recordings. UAR: mean recall of the labels that occur, so chance is 1 /
    labels."""

    title: str
    labels: tuple[str, ...]
    count: int
    accuracy: float
    macro_f1: float  # over the labels that occur
    uar: float
    # 95 % interval, resampling whole groups (speakers, folds): clips of one speaker are not
    # independent
    uar_low: float
    uar_high: float
    ece: float  # expected calibration error, 10 bins of equal width
    confusion: tuple[tuple[int, ...], ...]  # rows: truth, columns: answer

    def rows(self) -> list[tuple[str, int, float, float]]:
        """Label, recordings, recall, precision."""
        matrix = np.array(self.confusion)
        hits, truth, answers = matrix.diagonal(), matrix.sum(axis=1), matrix.sum(axis=0)
        return [
            (
                label,
                int(truth[i]),
                float(hits[i] / max(truth[i], 1)),
                float(hits[i] / max(answers[i], 1)),
            )
            for i, label in enumerate(self.labels)
        ]


def evaluate(
    title: str, labels: tuple[str, ...], truth: Ints, shares: Floats, groups: NDArray[Any]
) -> Evaluation:
    """Measure answers of shape (recordings, labels) against true positions in ``labels``."""
    return judge(title, labels, truth, shares.argmax(axis=1), shares.max(axis=1), groups)


def judge(
    title: str,
    labels: tuple[str, ...],
    truth: Ints,
    answers: Ints,
    sure: NDArray[np.floating[Any]],
    groups: NDArray[Any],
) -> Evaluation:
    """Evaluates answers, one a recording and at least one of them, against the truth, both as
    positions in ``labels``.

    Args:
        sure: confidence of each answer, 0 to 1.
        groups: name of each recording's group, the unit that intervals are drawn from.
    """
    matrix = confusion(truth, answers, len(labels))
    low, high = _interval(truth, answers, groups, len(labels))
    hits, support, given = matrix.diagonal(), matrix.sum(axis=1), matrix.sum(axis=0)
    present = support > 0
    f1 = 2 * hits / np.maximum(support + given, 1)
    return Evaluation(
        title=title,
        labels=labels,
        count=len(truth),
        accuracy=float((truth == answers).mean()),
        macro_f1=float(f1[present].mean()),
        uar=uar(matrix),
        uar_low=low,
        uar_high=high,
        ece=expected_calibration_error(truth == answers, sure),
        confusion=tuple(tuple(int(n) for n in row) for row in matrix),
    )


def confusion(truth: Ints, answers: Ints, count: int) -> Ints:
    """Counts, rows truth and columns answers."""
    return np.bincount(truth * count + answers, minlength=count * count).reshape(count, count)


def uar(matrix: Ints) -> float:
    """Unweighted average recall over the labels that occur."""
    support = matrix.sum(axis=1)
    present = support > 0
    return float((matrix.diagonal()[present] / support[present]).mean())


def expected_calibration_error(
    right: NDArray[np.bool_], sure: NDArray[np.floating[Any]], bins: int = 10
) -> float:
    """Mean distance between confidence and accuracy (Naeini et al. 2015)."""
    bin_of = np.minimum((sure * bins).astype(int), bins - 1)
    gaps = [
        abs(sure[bin_of == b].mean() - right[bin_of == b].mean()) * (bin_of == b).mean()
        for b in set(bin_of.tolist())
    ]
    return float(sum(gaps))


def _interval(truth: Ints, answers: Ints, groups: NDArray[Any], count: int) -> tuple[float, float]:
    names, where = np.unique(groups, return_inverse=True)
    parts = np.stack(
        [confusion(truth[where == g], answers[where == g], count) for g in range(len(names))]
    )
    random = np.random.default_rng(0)
    values = [
        uar(parts[random.integers(0, len(names), len(names))].sum(axis=0)) for _ in range(DRAWS)
    ]
    low, high = np.percentile(values, [2.5, 97.5])
    return float(low), float(high)


def save_json(path: Path, results: Sequence[Evaluation]) -> None:
    """Writes a run's figures for comparison with later runs."""
    path.write_text(json.dumps([asdict(result) for result in results], indent=1) + "\n")
