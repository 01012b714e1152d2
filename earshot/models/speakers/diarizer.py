"""Interface of diarizers: reading audio in, speaker turns out."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from earshot.audio.clip import Clip

Samples = NDArray[np.float32]
"""Mono float32 in [-1, 1] at ``SAMPLE_RATE``, shape (samples,)."""
SAMPLE_RATE = 16_000
"""Hz; all diarizers here were trained at this rate."""
Reader = Callable[[int, int], Samples]
"""Gives the samples from one millisecond of the recording to another; fewer where the recording
ends before."""

TURN_GAP_MS = 650
"""A shorter pause of a speaker does not end the turn (``training.measurements.turn_pauses``)."""


@dataclass(frozen=True)
class Spoken:
    """One voice speaking, in ms from the recording's start."""

    voice: str
    start_ms: int
    end_ms: int


@dataclass(frozen=True)
class Diarized:
    """Who spoke when, in order of time."""

    turns: tuple[Spoken, ...]
    """Those of different voices overlap where people talk at once."""
    exclusive: tuple[Spoken, ...] = ()
    """The same with one voice at a time, for assigning words; empty if ``turns`` do not overlap
    anyway."""


Diarizer = Callable[[Clip, int], Diarized]
"""The voices on one channel of a recording in which the VAD detected speech on that channel."""


def reader(clip: Clip, channel: int) -> Reader:
    """Reads one channel of a clip."""
    assert clip.sample_rate == SAMPLE_RATE

    def read(start_ms: int, end_ms: int) -> Samples:
        samples: Samples = clip.read(start_ms, end_ms, channel)[0]
        return samples

    return read
