"""Tells voices in a recording apart: windows over its speech, their embeddings, and where one voice gives way to another."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from analysis.types import Utterance
from models.clustering import find_voices
from models.speaker_embedding import SpeakerModel

Array = NDArray[np.float32]

WINDOW_MS = 1_500
HOP_MS = 750
STEP_MS = 250
"""Resolution of speaker changes: each step takes the voice that the windows over it resemble most on average."""
RELIABLE_MS = 1_000
"""Shorter speech joins the nearest voice but founds none."""


@dataclass(frozen=True)
class Heard:
    """One utterance: the windows over it, and an embedding for each."""

    utterance: Utterance
    windows: tuple[Utterance, ...]
    embeddings: Array


def hear(model: SpeakerModel, utterances: Sequence[Utterance], read: Callable[[Utterance], Array]) -> list[Heard]:
    """Embeds all speech; ``read`` gives the mono samples of an utterance, and only one is in memory at a time."""
    return [_embedded(model, utterance, read(utterance)) for utterance in utterances]


def tell_apart(heard: Sequence[Heard], threshold: float) -> Iterator[tuple[str, Utterance]]:
    """Stretches of one voice each, with a name for it. ``heard`` holds at least one utterance."""
    every = np.concatenate([item.embeddings for item in heard])
    reliable = np.array([window.end_ms - window.start_ms >= RELIABLE_MS for item in heard for window in item.windows])
    voices = find_voices(every[reliable] if reliable.any() else every, threshold)
    for item in heard:
        yield from _changes(item, item.embeddings @ voices.T)


def _embedded(model: SpeakerModel, utterance: Utterance, samples: Array) -> Heard:
    """What is shorter than a window is repeated until it fills one."""
    windows = tuple(window_spans(utterance))
    rate = model.spec.sample_rate
    size = WINDOW_MS * rate // 1000
    first = [(window.start_ms - utterance.start_ms) * rate // 1000 for window in windows]
    rows = np.stack([np.resize(samples[start : start + size], size) for start in first])
    return Heard(utterance, windows, model.embed(rows))


def window_spans(utterance: Utterance) -> Iterator[Utterance]:
    """Windows of ``WINDOW_MS``; the last one ends with the utterance."""
    last = max(utterance.start_ms, utterance.end_ms - WINDOW_MS)
    for start in [*range(utterance.start_ms, last, HOP_MS), last]:
        yield utterance.model_copy(update={"start_ms": start, "end_ms": min(start + WINDOW_MS, utterance.end_ms)})


def _changes(item: Heard, alike: Array) -> Iterator[tuple[str, Utterance]]:
    """The utterance cut where the voice changes. ``alike``: cosine to every voice, shape (windows, voices)."""
    bounds = np.array([(window.start_ms, window.end_ms) for window in item.windows])
    steps = []
    for start in range(item.utterance.start_ms, item.utterance.end_ms, STEP_MS):
        over = (bounds[:, 0] < start + STEP_MS) & (bounds[:, 1] > start)
        steps.append((int(alike[over].mean(axis=0).argmax()), start))
    for voice, run in groupby(steps, key=lambda step: step[0]):
        at = [start for _, start in run]
        end = min(at[-1] + STEP_MS, item.utterance.end_ms)
        yield str(voice), item.utterance.model_copy(update={"start_ms": at[0], "end_ms": end})
