"""The seam between speech recognition and what executes its checkpoint: stretches of sound in,
words with times and confidence out."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from earshot.analysis.findings import Timing
from earshot.compute.sound import Samples

UNDETERMINED = "und"
"""BCP 47 for a language that is not known: it is to be heard."""


@dataclass(frozen=True)
class Recognised:
    """One word within its stretch: text, times in ms from the stretch's start, confidence, and how
    it came to its time."""

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
    """Primary BCP 47 subtag: the one asked for, or the one heard, or ``UNDETERMINED`` where neither
    is known."""
    log_probability: float | None = None
    """Mean natural log of the probabilities of the tokens; None where the recogniser has none."""
    no_speech: float | None = None
    """Probability that nothing is said; None likewise."""


class Recogniser(Protocol):
    """What every runtime offers. Loaded in the pool's child process; holds one checkpoint on one
    device."""

    join_gap_ms: int
    """Utterances closer than this are best recognised in one stretch."""
    longest_ms: int
    """A longer stretch must be cut before it is handed in."""

    @property
    def languages(self) -> Collection[str]:
        """What to tell somebody who asks for another: primary BCP 47 subtags, or none where it
        cannot tell."""
        ...

    def speaks(self, language: str) -> bool:
        """Whether it can be asked for this language (primary BCP 47 subtag); with ``UNDETERMINED``,
        whether it can do without being told."""
        ...

    def transcribe(
        self, stretches: Sequence[Samples], languages: Sequence[str], hotwords: Sequence[str]
    ) -> list[Recognition]:
        """One result per stretch, in order, in as few forward passes as ``PASS_SEC`` allows. None
        depends on its neighbours.

        Args:
            stretches: none empty, none longer than ``longest_ms``.
            languages: one per stretch, that it ``speaks``.
            hotwords: names and terms to expect, the same for all; without effect where the runtime
                has no use for them.

        Raises:
            RuntimeError: out of memory, as the framework says it; fewer stretches may fit.
            Unavailable: what it depends on does not answer now.
        """
        ...
