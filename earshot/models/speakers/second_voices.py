"""Says who speaks besides, where several voices do."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from earshot.models.speakers.diarizer import Spoken
from earshot.models.speakers.embedded import Embedded
from earshot.models.speakers.segmentation import Overlaps

MOST_OVERLAPPED = 0.25
"""A window of which several voices fill a larger share founds no voice: it is like neither."""
ALONE, MIXED = 0.1, 0.3
"""Largest and smallest share of several voices in windows of a voice alone, and of a mixture."""
LEAST_DRIFT = 0.05
"""Cosine by which the mixtures of a voice are less like it and more like another one than its
windows alone; below, the network takes the sound of that one voice for several."""


def second_voices(single: Sequence[Spoken], overlaps: Overlaps) -> Iterator[tuple[str, Spoken]]:
    """The voice that speaks where several do, and who speaks besides: the other voice that speaks
    alone nearest in time (Otterson and Ostendorf 2007).

    Args:
        single: stretches of one voice at a time, in order.
    """
    starts = [one.start_ms for one in single]
    alone = [overlaps.share(one.start_ms, one.end_ms) < 1 for one in single]
    for start, end in overlaps.stretches():
        for at in range(max(0, bisect_right(starts, start) - 1), bisect_right(starts, end - 1)):
            first = single[at]
            begin, stop = max(start, first.start_ms), min(end, first.end_ms)
            before, after = range(at - 1, -1, -1), range(at + 1, len(single))
            others = [
                single[n]
                for n in (_other(single, alone, at, side) for side in (before, after))
                if n is not None
            ]
            if begin < stop and others:
                yield first.voice, Spoken(_nearest(others, begin, stop).voice, begin, stop)


def _nearest(among: Sequence[Spoken], start_ms: int, end_ms: int) -> Spoken:
    return min(among, key=lambda one: max(start_ms - one.end_ms, one.start_ms - end_ms))


def _other(
    single: Sequence[Spoken], alone: Sequence[bool], at: int, side: Iterable[int]
) -> int | None:
    return next((n for n in side if alone[n] and single[n].voice != single[at].voice), None)


def mixed_voices(
    embedded: Sequence[Embedded], single: Sequence[Spoken], overlaps: Overlaps
) -> set[str]:
    """Voices that others speak besides, by their embeddings too: where the network finds several
    voices, they are less like themselves and more like another one. A voice with too few windows
    for that counts."""
    windows = [window for item in embedded for window in item.windows]
    rows = np.concatenate([item.embeddings for item in embedded])
    shares = np.array([overlaps.share(each.start_ms, each.end_ms) for each in windows])
    starts = np.array([one.start_ms for one in single])
    middles = np.array([(each.start_ms + each.end_ms) // 2 for each in windows])
    at = np.maximum(np.searchsorted(starts, middles, side="right") - 1, 0)
    owner = np.array([one.voice for one in single])[at]
    names = sorted(set(owner.tolist()))
    alike = {name: rows @ _centre(rows, owner == name, shares) for name in names}
    found = set()
    for name in names:
        alone = (owner == name) & (shares <= ALONE)
        mixed = (owner == name) & (shares >= MIXED)
        if not alone.any() or not mixed.any() or len(names) == 1:
            found.add(name)
            continue
        change = {
            each: float(cosine[mixed].mean() - cosine[alone].mean())
            for each, cosine in alike.items()
        }
        own = change.pop(name)
        if max(change.values()) - own > LEAST_DRIFT:
            found.add(name)
    return found


def _centre(
    rows: NDArray[np.float32], of: NDArray[np.bool_], shares: NDArray[np.float64]
) -> NDArray[np.float32]:
    clean = of & (shares <= MOST_OVERLAPPED)
    mean = rows[clean if clean.any() else of].mean(axis=0)
    return np.asarray(mean / np.linalg.norm(mean), np.float32)
