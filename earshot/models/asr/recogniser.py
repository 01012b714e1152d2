"""Interface between speech recognition and its runtimes: stretches of audio in, words with times
and confidence out."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from earshot.analysis.findings import Timing
from earshot.compute.sound import Samples


@dataclass(frozen=True)
class Recognised:
    """One word within its stretch: text, times in ms from the stretch's start, confidence, and the
    origin of its time."""

    text: str
    start_ms: int
    end_ms: int
    confidence: float
    timing: Timing = "native"


@dataclass(frozen=True)
class Recognition:
    """The recognition of one stretch, words in order of time."""

    words: tuple[Recognised, ...]
    language: str
    """Primary BCP 47 subtag: the requested one, or the detected one, or ``UNDETERMINED`` if neither
    is known."""
    log_probability: float | None = None
    """Mean natural log of the probabilities of the tokens; None where the recogniser has none."""
    no_speech: float | None = None
    """Probability of no speech; None likewise."""
    foreign: float | None = None
    """Natural log odds that the speech is in another language than ``language``; None where the
    recogniser does not judge that."""
    doubtful_below: float | None = None
    """Confidence below which about half of its words are wrong; None where that was not
    measured."""


class Recogniser(Protocol):
    """Interface of every runtime. Loaded in the pool's child process; holds one checkpoint on one
    device."""

    join_gap_ms: int
    """Utterances closer than this are best recognised in one stretch."""
    longest_ms: int
    """Longer stretches must be cut first."""

    @property
    def languages(self) -> Collection[str]:
        """Supported primary BCP 47 subtags, for messages; none if unknown."""
        ...

    def speaks(self, language: str) -> bool:
        """True if it supports this language (primary BCP 47 subtag); with ``UNDETERMINED``, if it
        can detect the language."""
        ...

    def transcribe(
        self, stretches: Sequence[Samples], languages: Sequence[str], hotwords: Sequence[str]
    ) -> list[Recognition]:
        """One result per stretch, in order, in as few forward passes as ``PASS_SEC`` allows. None
        depends on its neighbours.

        Args:
            stretches: none empty, none longer than ``longest_ms``.
            languages: one per stretch, that it ``speaks``.
            hotwords: expected names and terms, the same for all; ignored by runtimes without
                support.
        Raises:
            RuntimeError: out of memory, as raised by the framework; fewer stretches may fit.
            Unavailable: a dependency does not answer now.
        """
        ...
