"""What the gate found, and the reasons to refuse."""

from typing import Literal

from pydantic import Field

from earshot.analysis.types import Frozen

Code = Literal[
    "too_few",
    "not_better",
    "label_too_low",
    "labels_lost",
    "background",
    "latency",
    "size",
    "failed",
    "no_holdout",
    "holdout_changed",
    "not_comparable",
]


class Refusal(Frozen):
    """One reason, with its numbers."""

    code: Code
    detail: str
    clip: str | None = None
    """A recording to listen to."""


class OfLabel(Frozen):
    """Recall of one label."""

    n: int
    candidate: float
    active: float


class Background(Frozen):
    """Shares of the background set that were answered with confidence as if something was there."""

    n: int
    candidate: float
    active: float
    generated: bool


class Verdict(Frozen):
    """The comparison of a candidate with the release that answers."""

    analysis: str
    candidate: str
    active: str
    holdout_sha256: str | None = None
    recordings: int = 0
    """Compared."""
    groups: int = 0
    learnt: int = 0
    """Left out, since the active release, or what the candidate was trained from, may have learnt
    them."""
    measure: str = ""
    candidate_value: float | None = None
    active_value: float | None = None
    difference: float | None = None
    low: float | None = None
    """95 % interval of the difference."""
    high: float | None = None
    labels: dict[str, OfLabel] = Field(default_factory=dict)
    lost: tuple[str, ...] = ()
    """Labels of the active release that the candidate cannot give."""
    background: Background | None = None
    latency_ms: float | None = None
    active_latency_ms: float | None = None
    size_bytes: int | None = None
    refused: tuple[Refusal, ...] = ()

    @property
    def passed(self) -> bool:
        return not self.refused
