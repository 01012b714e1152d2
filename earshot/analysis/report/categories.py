"""Categories of a recording: the rules that match it, and where."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from earshot.analysis.types import Interval

HitKind = Literal[
    "words", "regex", "sentiment", "emotion", "sound", "topic", "silence", "hold_music", "overtalk",
    "interruptions", "figure", "not",
]  # fmt: skip
Number = Annotated[int, Field(ge=0)]


class Hit(Interval):
    """One place where a condition of a rule holds."""

    condition: str = Field(description="Path of the condition in the rule, such as all.0.not.")
    kind: HitKind
    turn: str | None = Field(default=None, description="Id of the turn.")
    role: str | None = Field(default=None, description="Whose turn, sound or figure it is.")
    first_word: Number | None = Field(
        default=None,
        description=(
            "Number of the first word within the turn; null where no words are meant, or where the"
            " words of the turn have no times: then the times are those of the turn."
        ),
    )
    last_word: Number | None = None
    value: dict[str, str | float | None] = Field(
        default={}, description="What decided: phrase, label and confidence, or figure and value."
    )


class Category(Interval):
    """A rule that matches the recording, from its first hit to its last."""

    name: str = Field(description="Of the rule.")
    rule: UUID
    version: int = Field(ge=1, description="Of the rule that was evaluated.")
    hits: tuple[Hit, ...] = Field(description="In order of time; of many the first ones.")
    hits_total: int = Field(ge=1)
