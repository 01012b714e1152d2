"""Clusters embeddings by voice, and determines the number of voices."""

from collections.abc import Iterable, Sequence
from itertools import takewhile
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from earshot.analysis.types import SpeakerCount

Array = NDArray[np.float32]

MOST_CLUSTERED = 400
"""Embeddings that are compared each with each; of longer recordings an even sample is, and the rest
join the nearest voice."""
FEWEST_SHARE = 0.04
"""A voice with less than this share of the embeddings is an outlier of another one."""
MOST_VOICES = 12


class Join(NamedTuple):
    """Two groups, each named by its first row, that became one."""

    first: int
    second: int
    alike: float
    """Mean cosine of their rows."""


def find_voices(embeddings: Array, threshold: float, count: SpeakerCount | None = None) -> Array:
    """Unit vectors of the voices, shape (voices, size); at least one.

    Average-linkage clustering: the two most similar groups are joined until none are more similar
    than ``threshold``. If that gives fewer or more voices than requested, joins are undone or
    continued.

    Args:
        embeddings: unit vectors, shape (rows, size), at least one row.
        threshold: mean cosine below which two groups are two voices.
        count: requested number; fewer rows are fewer voices.
    """
    fewest = (count.min if count else None) or 1
    most = (count.max if count else None) or max(MOST_VOICES, fewest)
    step = max(1, -(-len(embeddings) // MOST_CLUSTERED))
    sample = embeddings[::step]
    joins = _joins(sample @ sample.T)
    alike = sum(1 for _ in takewhile(lambda join: join.alike >= threshold, joins))
    groups = _groups(
        len(sample), joins[: _enough(len(sample), joins, alike, fewest, most) if count else alike]
    )
    largest, large = _by_size(groups)
    return _centres(
        sample, [groups == label for label in sorted(largest[: min(max(large, fewest), most)])]
    )


def _enough(rows: int, joins: Sequence[Join], alike: int, fewest: int, most: int) -> int:
    """Number of joins that gives the requested number of voices, as close to ``alike`` as
    possible."""

    def voices(done: int) -> int:
        return _by_size(_groups(rows, joins[:done]))[1]

    if voices(alike) < fewest:
        return next(
            (done for done in range(alike, -1, -1) if voices(done) >= fewest), max(0, rows - fewest)
        )
    return next(done for done in range(alike, rows) if voices(done) <= most)


def _by_size(groups: NDArray[np.int64]) -> tuple[list[int], int]:
    """Labels of the groups, the largest first, and how many of them are voices; the rest are too
    small."""
    sizes = np.bincount(groups)
    fewest = max(1.0, min(2.0, len(groups) / 4), FEWEST_SHARE * len(groups))
    return np.argsort(-sizes, kind="stable").tolist(), max(1, int((sizes >= fewest).sum()))


def _centres(rows: Array, groups: list[NDArray[np.bool_]]) -> Array:
    centres = np.stack([rows[group].mean(axis=0) for group in groups])
    return np.asarray(centres / np.linalg.norm(centres, axis=1, keepdims=True), dtype=np.float32)


def _joins(alike: Array) -> list[Join]:
    """All joins until one group is left, the most alike first. Joined rows live on in the first
    one's place; the other's similarities become minus infinity."""
    table = alike.astype(np.float64)
    np.fill_diagonal(table, -np.inf)
    sizes = np.ones(len(table))
    joins = []
    for _ in range(len(table) - 1):
        first, second = divmod(int(table.argmax()), len(table))
        joins.append(Join(first, second, float(table[first, second])))
        joined = (sizes[first] * table[first] + sizes[second] * table[second]) / (
            sizes[first] + sizes[second]
        )
        table[first], table[:, first] = joined, joined
        table[second], table[:, second] = -np.inf, -np.inf
        table[first, first] = -np.inf
        sizes[first] += sizes[second]
    return joins


def _groups(rows: int, joins: Iterable[Join]) -> NDArray[np.int64]:
    """Group of every row after these joins, numbered without gaps."""
    labels = np.arange(rows)
    for join in joins:
        labels[labels == join.second] = join.first
    return np.unique(labels, return_inverse=True)[1]
