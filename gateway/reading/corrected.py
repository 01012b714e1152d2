"""Corrections as clients see them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from earshot.analysis.corrections.changes import TurnPlace
from earshot.analysis.corrections.draft import Draft
from earshot.analysis.corrections.layer import Standing, State, shown
from earshot.analysis.report.corrected import Kind, Reason, Shown
from earshot.analysis.types import Frozen

NOTHING = dict.fromkeys(Shown.model_fields)
CORRECTION: dict[str, Any] = {
    "id": "5f0c2a8e-6a0e-4f0c-9b57-2f4c8f4f6a11",
    "version": 5,
    "kind": "text",
    "target": {"channel": 0, "start_ms": 480, "end_ms": 2_160, "speaker": "s0"},
    "value": {**NOTHING, "text": "Good morning, Ms. Miller."},
    "replaced": {**NOTHING, "text": "good morning miss mailer"},
    "round": 1,
    "releases": {"asr": ["asr-moonshine-tiny"]},
    "made_at": "2026-05-04T09:30:00.123456Z",
    "made_by": "anna",
    "undone_at": None,
    "undone_by": None,
    "state": "applied",
    "conflict": None,
    "turn": "t0",
}


class Place(BaseModel):
    """What was corrected, by time and channel as answered; null where a field does not apply."""

    channel: int | None
    start_ms: int | None
    end_ms: int | None
    speaker: str | None = Field(description="Id at the time of the correction.")


class ConflictInfo(BaseModel):
    """Why a correction does not fit the answers of a later round."""

    reason: Reason = Field(
        description="`changed`: the answer is another one, and the corrected value stays; `gone`:"
        " nothing fits at that place, and the report has the answer."
    )
    answer: Shown | None


class CorrectionInfo(BaseModel):
    """A correction, and what has become of it."""

    model_config = ConfigDict(json_schema_extra={"examples": [CORRECTION]})

    id: UUID
    version: int = Field(description="In which it was made.")
    kind: Kind
    target: Place
    value: Shown
    replaced: Shown = Field(description="The answer of the analyses at that time.")
    round: int = Field(description="Of that answer.")
    releases: dict[str, tuple[str, ...]] = Field(description="That gave it.")
    made_at: datetime
    made_by: str = Field(description="Name of the token.")
    undone_at: datetime | None
    undone_by: str | None
    state: State = Field(description="`superseded`: a later one of the same kind is at its place.")
    conflict: ConflictInfo | None
    turn: str | None = Field(description="Id of the turn in the report.")


class MadeCorrection(BaseModel):
    """A correction that was made."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"correction": CORRECTION, "version": 5, "round": 1, "remembered": None}]
        }
    )

    correction: CorrectionInfo | None = Field(
        description="null where the value was there already, and not by a correction."
    )
    version: int = Field(description="Of the corrections now.")
    round: int
    remembered: str | None = Field(
        default=None,
        description="Source for which this request has the roles remembered: `uploads`, or a URL.",
    )


class ChangedCorrections(BaseModel):
    """Corrections that were undone or applied again."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"corrections": [CORRECTION], "version": 6, "round": 1}]}
    )

    corrections: list[CorrectionInfo]
    version: int = Field(description="Of the corrections now.")
    round: int


class CorrectionPage(BaseModel):
    """A part of the list of corrections, oldest first."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"corrections": [CORRECTION], "version": 5, "round": 1, "next_cursor": None}
            ]
        }
    )

    corrections: list[CorrectionInfo]
    version: int
    round: int
    next_cursor: str | None = Field(description="Send it as `cursor`; null at the end.")


class VersionInfo(BaseModel):
    """One change of the corrections."""

    version: int
    action: str = Field(description="`made`, `undone`, `redone` or `reverted`.")
    corrections: tuple[UUID, ...]
    at: datetime
    by: str = Field(description="Name of the token.")


class VersionPage(BaseModel):
    """A part of the list of versions, oldest first."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "versions": [
                        {
                            "version": 5,
                            "action": "made",
                            "corrections": [CORRECTION["id"]],
                            "at": CORRECTION["made_at"],
                            "by": "anna",
                        }
                    ],
                    "next_cursor": None,
                }
            ]
        }
    )

    versions: list[VersionInfo]
    next_cursor: str | None = Field(description="Send it as `cursor`; null at the end.")


class Revert(Frozen):
    """Which corrections to undo; without any field all of the recording."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"turn": {"channel": 0, "start_ms": 480, "end_ms": 2_160}}, {}]
        }
    )

    turn: TurnPlace | None = None
    kinds: tuple[Kind, ...] | None = None


def info(draft: Draft, found: Standing) -> CorrectionInfo:
    """A correction of this draft."""
    made, target = found.correction, found.correction.target
    where = target.turn or target.span
    who = target.turn or target.voice
    conflict = None
    if found.reason:
        answer = shown(draft, found.answer) if found.answer else None
        conflict = ConflictInfo(reason=found.reason, answer=answer)
    return CorrectionInfo(
        **made.model_dump(exclude={"target", "value", "replaced"}),
        target=Place(
            channel=who.channel if who else None,
            start_ms=where.start_ms if where else None,
            end_ms=where.end_ms if where else None,
            speaker=who.speaker if who else None,
        ),
        value=shown(draft, made.value),
        replaced=shown(draft, made.replaced),
        state=found.state,
        conflict=conflict,
        turn=found.turn,
    )
