"""What a report says about the corrections that it contains."""

from typing import Literal
from uuid import UUID

from pydantic import Field

from earshot.analysis.types import Frozen, Interval, Millis

Kind = Literal[
    "text", "speaker", "boundaries", "emotion", "sentiment", "noise", "scene", "rename", "merge",
    "roles",
]  # fmt: skip
Reason = Literal["changed", "gone"]


class LabelledSpan(Interval):
    """A stretch with its label."""

    label: str


class Shown(Frozen):
    """A value that was corrected, or the one that it replaced: the fields of its kind, others are
    null."""

    text: str | None = None
    speaker: str | None = Field(default=None, description="Of a turn; for merge, the one to keep.")
    start_ms: Millis | None = None
    end_ms: Millis | None = None
    label: str | None = None
    stretches: tuple[LabelledSpan, ...] | None = Field(
        default=None, description="Answers of noise or scene over the corrected stretch."
    )
    name: str | None = None
    roles: tuple[str, ...] | None = None


class Conflict(Frozen):
    """A correction that does not fit the answers of a later round."""

    id: UUID = Field(description="Of the correction.")
    kind: Kind
    reason: Reason = Field(
        description=(
            "changed: the answer at that place is another one now, and the report keeps the"
            " corrected value; gone: nothing fits at that place any more, and the report has the"
            " answer."
        )
    )
    turn: str | None = Field(description="Id of the turn; null if it is gone, or for other kinds.")
    channel: int | None
    start_ms: int | None = Field(description="Of the corrected turn or stretch.")
    end_ms: int | None
    corrected: Shown
    replaced: Shown = Field(description="The answer that was corrected.")
    answer: Shown | None = Field(description="The answer now; null if it is gone.")


class ReportCorrections(Frozen):
    """Corrections by people: where the report is not the answer of the analyses."""

    version: int = Field(ge=1, description="Grows with every change of the corrections.")
    turns: dict[str, tuple[str, ...]] = Field(
        description=(
            "Id of a turn to what is corrected in it: text, speaker, boundaries, emotion,"
            " sentiment."
        )
    )
    speakers: dict[str, tuple[str, ...]] = Field(
        description="Id of a speaker to what is corrected: rename, merge, made."
    )
    noise: tuple[Interval, ...] = Field(description="Stretches whose noise label is corrected.")
    scene: tuple[Interval, ...] = Field((), description="Stretches whose scene is corrected.")
    roles: bool = Field(description="The roles of the channels are corrected.")
    conflicts: tuple[Conflict, ...]
