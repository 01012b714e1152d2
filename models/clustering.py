"""Groups embeddings by voice, with the number of voices found on the way."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]

MOST_CLUSTERED = 400
"""Embeddings that are compared each with each; of longer recordings an even sample is, and the rest join the nearest voice."""
FEWEST_SHARE = 0.04
"""A voice with less than this share of the embeddings is an outlier of another one."""
MOST_VOICES = 12


def find_voices(embeddings: Array, threshold: float) -> Array:
    """Unit vectors of the voices, shape (voices, size); at least one.

    Average-linkage clustering: the two most alike groups are joined until none are more alike than ``threshold``.

    Args:
        embeddings: unit vectors, shape (rows, size), at least one row.
        threshold: mean cosine below which two groups are two voices.
    """
    step = max(1, -(-len(embeddings) // MOST_CLUSTERED))
    sample = embeddings[::step]
    labels = _linked(sample @ sample.T, threshold)
    sizes = np.bincount(labels)
    fewest = max(1.0, min(2.0, len(sample) / 4), FEWEST_SHARE * len(sample))
    largest = np.argsort(-sizes, kind="stable")[:MOST_VOICES]
    kept = [label for label in largest if sizes[label] >= fewest] or [largest[0]]
    return _centres(sample, [labels == label for label in sorted(kept)])


def _centres(rows: Array, groups: list[NDArray[np.bool_]]) -> Array:
    centres = np.stack([rows[group].mean(axis=0) for group in groups])
    return np.asarray(centres / np.linalg.norm(centres, axis=1, keepdims=True), dtype=np.float32)


def _linked(alike: Array, threshold: float) -> NDArray[np.int64]:
    """Group of every row. Joined rows live on in the first one's place; the other's similarities become minus infinity."""
    table = alike.astype(np.float64)
    np.fill_diagonal(table, -np.inf)
    sizes = np.ones(len(table))
    labels = np.arange(len(table))
    for _ in range(len(table) - 1):
        first, second = divmod(int(table.argmax()), len(table))
        if table[first, second] < threshold:
            break
        joined = (sizes[first] * table[first] + sizes[second] * table[second]) / (sizes[first] + sizes[second])
        table[first], table[:, first] = joined, joined
        table[second], table[:, second] = -np.inf, -np.inf
        table[first, first] = -np.inf
        sizes[first] += sizes[second]
        labels[labels == second] = first
    return np.unique(labels, return_inverse=True)[1]
