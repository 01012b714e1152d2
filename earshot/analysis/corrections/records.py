"""A correction as it is stored: its place by time and channel, its value, and what it replaced."""

from datetime import datetime
from typing import Any
from uuid import UUID

from earshot.analysis.report.corrected import Kind, LabelledSpan
from earshot.analysis.types import Frozen, Interval, Utterance

OF_TURNS: tuple[Kind, ...] = ("text", "speaker", "boundaries", "emotion", "sentiment")


class Voice(Frozen):
    """A speaker by the time of its turns: numbers of speakers change from round to round."""

    speaker: str
    """Its id when the correction was made: for display only."""
    made: UUID | None = None
    """Of a speaker that is not from the analyses: the request that created it. Its id changes with
    the corrections that are in force."""
    channel: int = 0
    spans: tuple[tuple[int, int], ...] = ()
    """``start_ms`` and ``end_ms`` of the longest of its turns as answered, in order, without
    overlap; at most ``finding.MOST_SPANS``."""
    talk_ms: int = 0
    """Of all its turns as answered, overlaps counted once."""


class Spot(Utterance):
    """A turn by its place as answered."""

    speaker: str
    """Decides between turns at the same time."""


class Target(Frozen):
    """What is corrected: the one field of its kind; none for roles."""

    turn: Spot | None = None
    voice: Voice | None = None
    span: Interval | None = None


class Value(Frozen):
    """A corrected or replaced value: the fields of its kind."""

    text: str | None = None
    voice: Voice | None = None
    start_ms: int | None = None
    end_ms: int | None = None
    label: str | None = None
    stretches: tuple[LabelledSpan, ...] | None = None
    name: str | None = None
    roles: tuple[str, ...] | None = None


class Correction(Frozen):
    """One correction of a recording."""

    id: UUID
    version: int
    """In which it was made; later ones are applied later."""
    kind: Kind
    target: Target
    value: Value
    replaced: Value
    """The answer of the analyses, not a corrected one."""
    round: int
    releases: dict[str, tuple[str, ...]]
    """Releases of the analyses that gave the replaced answer."""
    made_at: datetime
    made_by: str
    undone_at: datetime | None = None
    undone_by: str | None = None


def stored(part: Target | Value) -> dict[str, Any]:
    """The JSON of a part, without the fields of other kinds."""
    return part.model_dump(mode="json", exclude_none=True)
