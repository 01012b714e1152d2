"""The seam between speech recognition and what executes its checkpoint: stretches of sound in, words with times and confidence
out."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from analysis.findings import Timing

Samples = NDArray[np.float32]
"""Mono float32 in [-1, 1] at ``SAMPLE_RATE``, shape (samples,)."""
SAMPLE_RATE = 16_000
"""Hz; all recognisers here were trained at this rate."""
UNDETERMINED = "und"
"""BCP 47 for a language that is not known: it is to be heard."""
PASS_SEC = 480
"""Sound in one forward pass, seconds, padding included: sixteen chunks of half a minute, what a full job carries. More rows do
not make a GPU faster; what does not fit into memory is tried again in halves (``workers.run``)."""


@dataclass(frozen=True)
class Recognised:
    """One word within its stretch: text, times in ms from the stretch's start, confidence, and how it came to its time."""

    text: str
    start_ms: int
    end_ms: int
    confidence: float
    timing: Timing = "native"


@dataclass(frozen=True)
class Recognition:
    """What was recognised in one stretch, words in order of time."""

    words: tuple[Recognised, ...]
    language: str
    """Primary BCP 47 subtag: the one asked for, or the one heard, or ``UNDETERMINED`` where neither is known."""
    log_probability: float | None = None
    """Mean natural log of the probabilities of the tokens; None where the recogniser has none."""
    no_speech: float | None = None
    """Probability that nothing is said; None likewise."""


class Recogniser(Protocol):
    """What every runtime offers. Loaded in the pool's child process; holds one checkpoint on one device."""

    join_gap_ms: int
    """Utterances closer than this are best recognised in one stretch."""
    longest_ms: int
    """A longer stretch must be cut before it is handed in."""

    @property
    def languages(self) -> Collection[str]:
        """What to tell somebody who asks for another: primary BCP 47 subtags, or none where it cannot tell."""
        ...

    def speaks(self, language: str) -> bool:
        """Whether it can be asked for this language (primary BCP 47 subtag); with ``UNDETERMINED``, whether it can do without
        being told."""
        ...

    def transcribe(self, stretches: Sequence[Samples], languages: Sequence[str], hotwords: Sequence[str]) -> list[Recognition]:
        """One result per stretch, in order, in as few forward passes as ``PASS_SEC`` allows. None depends on its neighbours.

        Args:
            stretches: none empty, none longer than ``longest_ms``.
            languages: one per stretch, that it ``speaks``.
            hotwords: names and terms to expect, the same for all; without effect where the runtime has no use for them.

        Raises:
            RuntimeError: out of memory, as the framework says it; fewer stretches may fit.
            Unavailable: what it depends on does not answer now.
        """
        ...


def passes(lengths: Sequence[int], rate: int = SAMPLE_RATE, row_sec: float = 0.0) -> list[list[int]]:
    """Indices by forward pass, longest first, so that rows of one pass have about the same length and little is padding.

    Args:
        lengths: samples.
        row_sec: what every row is padded to, for models with a window of fixed length.
    """
    found: list[list[int]] = []
    most = 0
    for index in sorted(range(len(lengths)), key=lambda index: -lengths[index]):
        if not found or len(found[-1]) >= most:
            most = max(1, int(PASS_SEC / max(row_sec, lengths[index] / rate)))
            found.append([])
        found[-1].append(index)
    return found
