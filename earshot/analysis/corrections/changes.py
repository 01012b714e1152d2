"""What clients ask to correct."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, Field

from earshot.analysis.request import no_control
from earshot.analysis.roles import Role
from earshot.analysis.types import Frozen, Interval, Utterance

MOST_TEXT = 10_000
MOST_NAME = 100


def _spaced(text: str) -> str:
    return no_control(" ".join(text.split()))


def _named(text: str) -> str:
    if not text:
        raise ValueError("is empty")
    return text


Text = Annotated[str, Field(max_length=MOST_TEXT), AfterValidator(_spaced)]
"""Runs of spaces and line ends become one space. Markup is text like any other."""
Name = Annotated[
    str,
    Field(min_length=1, max_length=MOST_NAME),
    AfterValidator(_spaced),
    AfterValidator(_named),
]
Label = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Confirms = Annotated[
    bool,
    Field(
        description="The label is stored also where it is the answer already: a person agrees.",
        exclude_if=lambda value: value is False,  # as in requests from before there was the field
    ),
]
SpeakerId = Annotated[str, Field(pattern=r"^s(0|[1-9]\d{0,4})$")]


class TurnPlace(Utterance):
    """A turn, as the corrected report has it."""

    speaker: SpeakerId | None = Field(
        default=None, description="Needed only where two speakers have the same times."
    )


class Asked(Frozen):
    """Base of all."""

    id: UUID | None = Field(
        default=None,
        description="Chosen by the client, so that the request can be repeated. The correction has"
        " it too, unless it continues the token's last one at that place.",
    )


class OfTurn(Asked):
    """Base of the corrections of one turn."""

    turn: TurnPlace


class ChangeText(OfTurn):
    """Text of a turn; empty: no words."""

    kind: Literal["text"]
    text: Text


class ChangeSpeaker(OfTurn):
    """Speaker of a turn: one of the report, or `new` for one that it lacks."""

    kind: Literal["speaker"]
    speaker: SpeakerId | Literal["new"]


class ChangeBoundaries(OfTurn, Interval):
    """Beginning and end of a turn."""

    kind: Literal["boundaries"]


class ChangeEmotion(OfTurn):
    """Emotion of a turn."""

    kind: Literal["emotion"]
    label: Label
    confirms: Confirms = False


class ChangeSentiment(OfTurn):
    """Sentiment of the voice in a turn."""

    kind: Literal["sentiment"]
    label: Label
    confirms: Confirms = False


class ChangeNoise(Asked, Interval):
    """Noise over a stretch."""

    kind: Literal["noise"]
    label: Label
    confirms: Confirms = False


class ChangeScene(Asked, Interval):
    """Scene over a stretch."""

    kind: Literal["scene"]
    label: Label
    confirms: Confirms = False


Labelling = ChangeEmotion | ChangeSentiment | ChangeNoise | ChangeScene
"""Those whose value is a label."""


class RenameSpeaker(Asked):
    """Name of a speaker, wherever it is shown."""

    kind: Literal["rename"]
    speaker: SpeakerId
    name: Name


class MergeSpeakers(Asked):
    """Two speakers that are one."""

    kind: Literal["merge"]
    speaker: SpeakerId = Field(description="Its turns become those of `into`.")
    into: SpeakerId


class ChangeRoles(Asked):
    """Role of each channel."""

    kind: Literal["roles"]
    roles: Annotated[tuple[Role, ...], Field(min_length=1, max_length=8)]
    remember: bool | Annotated[str, Field(pattern=r"^\w[^\s]*://\S+$", max_length=2000)] = Field(
        default=False,
        exclude_if=lambda value: value is False,  # as in requests from before there was the field
        description="Later recordings of the source begin with these roles: those in the folder of"
        " this one, or uploads if it is one; or those below this URL.",
    )


Change = (
    ChangeText
    | ChangeSpeaker
    | ChangeBoundaries
    | ChangeEmotion
    | ChangeSentiment
    | ChangeNoise
    | ChangeScene
    | RenameSpeaker
    | MergeSpeakers
    | ChangeRoles
)
"""Any of them, by ``kind``."""
