"""Separates the voices in a recording, finds the times of speaker changes, and says who speaks
besides where several do."""

from collections.abc import Iterator, Sequence
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from earshot.analysis.types import SpeakerCount, Utterance
from earshot.models.speakers.clustering import find_voices
from earshot.models.speakers.diarizer import TURN_GAP_MS, Diarized, Spoken
from earshot.models.speakers.embedded import Embedded
from earshot.models.speakers.second_voices import (
    MOST_OVERLAPPED,
    mixed_voices,
    second_voices,
)
from earshot.models.speakers.segmentation import Overlaps
from earshot.models.speakers.turns import by_voice, joined

Array = NDArray[np.float32]

STEP_MS = 250
"""Resolution of speaker changes: each step takes the voice with the highest mean similarity over
its windows."""
RELIABLE_MS = 1_000
"""Shorter speech joins the nearest voice but founds none."""
LEAST_WEIGHT = 0.1
"""Weight of a window that several voices fill, where a step has windows that they fill less."""


def who_spoke(
    embedded: Sequence[Embedded],
    threshold: float,
    overlaps: Overlaps,
    count: SpeakerCount | None = None,
    gap_ms: int = TURN_GAP_MS,
) -> Diarized:
    """Turns of the voices, and besides those of one voice at a time where several speak at once.

    Args:
        embedded: at least one utterance, in order of time.
        threshold: as in ``find_voices``.
        gap_ms: a shorter pause of a voice does not end its turn.
    """
    single = [
        Spoken(voice, item.start_ms, item.end_ms)
        for voice, item in tell_apart(embedded, threshold, count, overlaps)
    ]
    exclusive = joined(single, gap_ms)
    mixed = mixed_voices(embedded, single, overlaps)
    second = tuple(one for first, one in second_voices(single, overlaps) if first in mixed)
    if not second:
        return Diarized(exclusive)
    return Diarized(by_voice((*exclusive, *second), gap_ms), exclusive)


def tell_apart(
    embedded: Sequence[Embedded],
    threshold: float,
    count: SpeakerCount | None = None,
    overlaps: Overlaps | None = None,
) -> Iterator[tuple[str, Utterance]]:
    """Stretches of one voice each, with its name. ``embedded`` contains at least one utterance."""
    windows = [window for item in embedded for window in item.windows]
    every = np.concatenate([item.embeddings for item in embedded])
    several = np.array(
        [overlaps.share(each.start_ms, each.end_ms) if overlaps else 0.0 for each in windows]
    )
    long = np.array([window.end_ms - window.start_ms >= RELIABLE_MS for window in windows])
    alone = long & (several <= MOST_OVERLAPPED)
    founding = next((rows for rows in (alone, long) if rows.any()), np.ones(len(windows), np.bool_))
    voices = find_voices(every[founding], threshold, count)
    weights = np.maximum(1 - several, LEAST_WEIGHT)
    at = 0
    for item in embedded:
        rows = slice(at, at + len(item.windows))
        yield from _changes(item, item.embeddings @ voices.T, weights[rows])
        at = rows.stop


def _changes(
    item: Embedded, alike: Array, weights: NDArray[np.float64]
) -> Iterator[tuple[str, Utterance]]:
    """The utterance cut where the voice changes. ``alike``: cosine to every voice, shape (windows,
    voices); ``weights``: of the windows."""
    bounds = np.array([(window.start_ms, window.end_ms) for window in item.windows])
    steps = []
    for start in range(item.utterance.start_ms, item.utterance.end_ms, STEP_MS):
        over = (bounds[:, 0] < start + STEP_MS) & (bounds[:, 1] > start)
        steps.append((int((weights[over] @ alike[over]).argmax()), start))
    for voice, run in groupby(steps, key=lambda step: step[0]):
        at = [start for _, start in run]
        end = min(at[-1] + STEP_MS, item.utterance.end_ms)
        yield str(voice), item.utterance.model_copy(update={"start_ms": at[0], "end_ms": end})
