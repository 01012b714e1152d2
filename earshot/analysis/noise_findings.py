"""Findings of the noise analysis."""

from earshot.analysis.findings import (
    Alarm,
    Classification,
    Findings,
    LabelledInterval,
    Scores,
    Share,
)

NO_NOISE = "no_noise"
"""Speech, and nothing audible behind it. [004] has no category for it: its ``silence`` would deny
the speech."""


class NoiseFindings(Findings):
    """The environmental noise of a chunk (004-22..29). ``coverage`` lists the classes of the
    checkpoint."""

    label: str
    """One of ``coverage``, ``NO_NOISE``, or ``unclear`` if ``abstained``."""
    confidence: Share
    scores: Scores
    """Of ``coverage`` and ``NO_NOISE``, which takes the share of silence where there is speech."""
    coverage: tuple[str, ...]
    bandwidth_limited: bool
    """The recording was made below 32 kHz, so classes in the upper band are unreliable (C-08)."""
    abstained: bool = False
    intervals: tuple[LabelledInterval, ...] = ()
    """The label of each part of the chunk, without gaps; empty in findings of older releases."""
    narrow: bool = False
    """Nothing above the band of a telephone: only labels answer that were measured there."""
    unmeasured: tuple[str, ...] = ()
    """Those of ``coverage`` for which no labelled recordings were at hand."""
    emergency: tuple[Alarm, ...] = ()
    """From a separate detector, never from the scores (C-01)."""

    def alarms(self) -> tuple[Alarm, ...]:
        return self.emergency

    def classification(self) -> Classification:
        return Classification(
            label=self.label,
            confidence=self.confidence,
            scores=self.scores,
            abstained=self.abstained,
        )
