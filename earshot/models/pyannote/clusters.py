"""Bounds the memory of pyannote.audio's clustering and of its results."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np

MOST_CLUSTERED = 6_000
"""Embeddings compared pairwise: 300 MB, an hour and more of talk without a pause. For longer
recordings an even sample is compared, and the rest join the nearest voice, like embeddings that are
too short in the library."""


def clusters_in_bounds(clustering: Any) -> None:
    """The clustering compares at most ``MOST_CLUSTERED`` embeddings from now on."""
    whole = clustering.filter_embeddings

    def sample(*args: Any, **more: Any) -> tuple[Any, ...]:
        found = whole(*args, **more)
        step = max(1, -(-len(found[0]) // MOST_CLUSTERED))
        return tuple(each[::step] for each in found)

    clustering.filter_embeddings = sample


def spread_over_windows(segmentations: Any, clusters: Any) -> Any:
    """What ``SpeakerDiarizationMixin.to_diarization`` asks of a ``SlidingWindowFeature`` of shape
    (windows, frames, clusters): each window's table is made when it is its turn.

    Args:
        segmentations: a ``SlidingWindowFeature`` of shape (windows, frames, voices).
        clusters: cluster of each voice of each window, -2 for none; shape (windows, voices).
    """
    return _Spread(segmentations, clusters)


class _Spread:
    def __init__(self, segmentations: Any, clusters: Any) -> None:
        self.sliding_window = segmentations.sliding_window
        self.data = SimpleNamespace(shape=(*segmentations.data.shape[:2], int(clusters.max()) + 1))
        self._windows, self._clusters = segmentations, clusters

    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        _, frames, count = self.data.shape
        for (span, active), clusters in zip(self._windows, self._clusters, strict=True):
            table = np.full((frames, count), np.nan)
            for cluster in set(clusters.tolist()) - {-2}:
                table[:, cluster] = active[:, clusters == cluster].max(axis=1)
            yield span, table
