"""Separates the voices in a recording, and finds the times of speaker changes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from earshot.analysis.types import SpeakerCount, Utterance
from earshot.models.speakers.clustering import find_voices

Array = NDArray[np.float32]

STEP_MS = 250
"""Resolution of speaker changes: each step takes the voice with the highest mean similarity over
its windows."""
RELIABLE_MS = 1_000
"""Shorter speech joins the nearest voice but founds none."""


@dataclass(frozen=True)
class Embedded:
    """One utterance: the windows over it, and an embedding for each."""

    utterance: Utterance
    windows: tuple[Utterance, ...]
    embeddings: Array


def tell_apart(
    embedded: Sequence[Embedded], threshold: float, count: SpeakerCount | None = None
) -> Iterator[tuple[str, Utterance]]:
    """Stretches of one voice each, with its name. ``embedded`` contains at least one utterance."""
    every = np.concatenate([item.embeddings for item in embedded])
    reliable = np.array(
        [
            window.end_ms - window.start_ms >= RELIABLE_MS
            for item in embedded
            for window in item.windows
        ]
    )
    voices = find_voices(every[reliable] if reliable.any() else every, threshold, count)
    for item in embedded:
        yield from _changes(item, item.embeddings @ voices.T)


def _changes(item: Embedded, alike: Array) -> Iterator[tuple[str, Utterance]]:
    """The utterance cut where the voice changes. ``alike``: cosine to every voice, shape (windows,
    voices)."""
    bounds = np.array([(window.start_ms, window.end_ms) for window in item.windows])
    steps = []
    for start in range(item.utterance.start_ms, item.utterance.end_ms, STEP_MS):
        over = (bounds[:, 0] < start + STEP_MS) & (bounds[:, 1] > start)
        steps.append((int(alike[over].mean(axis=0).argmax()), start))
    for voice, run in groupby(steps, key=lambda step: step[0]):
        at = [start for _, start in run]
        end = min(at[-1] + STEP_MS, item.utterance.end_ms)
        yield str(voice), item.utterance.model_copy(update={"start_ms": at[0], "end_ms": end})
