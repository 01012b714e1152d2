"""The conditions of a rule, each by the field that names its kind."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Discriminator, Field, StringConstraints, Tag, model_validator

from earshot.analysis.request import no_control
from earshot.analysis.roles import Role
from earshot.analysis.rules.folding import phrase
from earshot.analysis.rules.patterns import compiled
from earshot.analysis.rules.within import Part, Seconds, Within
from earshot.analysis.types import Frozen

MOST_CONDITIONS, DEEPEST = 100, 8
LONGEST_PATTERN = 1_000
Count = Annotated[int, Field(ge=1, le=10_000)]
Label = Annotated[str, StringConstraints(min_length=1, max_length=64), AfterValidator(no_control)]
Labels = Annotated[tuple[Label, ...], Field(min_length=1, max_length=50)]


def _spoken(text: str) -> str:
    if not phrase(text).strip():
        raise ValueError("has no letter or digit")
    return no_control(text)


Phrase = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(_spoken)]


class _Placed(Frozen):
    within: Within | None = Field(default=None, description="Only in this part; else anywhere.")
    count: Count = Field(default=1, description="At least this many times.")


class _Spoken(_Placed):
    role: Role | None = Field(default=None, description="Only of this role.")


class Words(_Spoken):
    """One of the phrases is spoken: whole words, without regard to case, accents, punctuation."""

    words: Annotated[tuple[Phrase, ...], Field(min_length=1, max_length=500)]
    min_confidence: Part | None = Field(
        default=None, description="Mean confidence of the words, at least."
    )


class Regex(_Spoken):
    """The text of a turn has a match of an expression of RE2."""

    regex: Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_PATTERN)]
    case_sensitive: bool = False
    min_confidence: Part | None = None

    @model_validator(mode="after")
    def _compiles(self) -> Self:
        compiled(self.regex, self.case_sensitive)
        return self


class Sentiment(_Spoken):
    """Turns with one of the sentiments."""

    sentiment: Labels
    of: Literal["voice", "text", "fusion"] = "voice"
    min_confidence: Part | None = None


class Emotion(_Spoken):
    """Turns with one of the emotions."""

    emotion: Labels
    min_confidence: Part | None = None


class Sound(_Placed):
    """Sound events and alarms with one of the labels."""

    sound: Labels
    min_confidence: Part | None = None


class Topic(_Spoken):
    """One of the topics, by id or label."""

    topic: Annotated[tuple[Annotated[str, Field(max_length=200)], ...], Field(min_length=1)]


class Length(Frozen):
    """Bounds of stretches: of each, and of all of them together."""

    each_sec: Seconds | None = Field(default=None, description="Only stretches at least as long.")
    total_sec: Seconds | None = Field(default=None, description="Their sum, at least.")
    of_call: Part | None = Field(
        default=None, description="Share of the recording that is their sum, at least."
    )


class Silence(_Placed):
    """Stretches in which no participant speaks."""

    silence: Length


class HoldMusic(_Placed):
    """Stretches of hold music."""

    hold_music: Length


class Overtalk(_Spoken):
    """Stretches in which one participant comes in while another one speaks; `role` came in."""

    overtalk: Length


class Interruptions(_Spoken):
    """Those after which the one who came in has the floor; `role` came in."""

    interruptions: Length


FigureName = Literal[
    "talk_ms", "talk_of_call", "talk_of_speech", "listen_ms", "listen_of_call", "overtalk_ms",
    "overtalk_of_call", "overtalk_of_speech", "turns", "interruptions", "back_channels",
    "longest_monologue_ms", "response_gap_ms", "words_per_minute", "loudness_lufs",
    "first_speech_ms", "sentiment_shift", "silence_ms", "silence_of_call", "hold_music_ms",
    "hold_music_of_call",
]  # fmt: skip


class Figure(Frozen):
    """A figure of the conversation, of a role or in total, between bounds."""

    figure: FigureName
    role: Role | None = None
    at_least: float | None = None
    at_most: float | None = None

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if self.at_least is None and self.at_most is None:
            raise ValueError("name at_least, at_most, or both")
        return self


class AllOf(Frozen):
    """Every one of the conditions."""

    all: Annotated[tuple["Condition", ...], Field(min_length=1, max_length=50)]


class AnyOf(Frozen):
    """At least one of the conditions."""

    any: Annotated[tuple["Condition", ...], Field(min_length=1, max_length=50)]


class Not(Frozen):
    """The condition does not hold, and could be decided."""

    not_: Annotated["Condition", Field(alias="not")]


KINDS: dict[str, type[Frozen]] = {
    "words": Words,
    "regex": Regex,
    "sentiment": Sentiment,
    "emotion": Emotion,
    "sound": Sound,
    "topic": Topic,
    "silence": Silence,
    "hold_music": HoldMusic,
    "overtalk": Overtalk,
    "interruptions": Interruptions,
    "figure": Figure,
    "all": AllOf,
    "any": AnyOf,
    "not": Not,
}


def kind_of(condition: Any) -> str | None:
    """The kind of a condition, or of its JSON; None if it names none or several."""
    if isinstance(condition, Frozen):
        return next((name for name, kind in KINDS.items() if type(condition) is kind), None)
    named = [name for name in KINDS if isinstance(condition, dict) and name in condition]
    return named[0] if len(named) == 1 else None


Condition = Annotated[
    Annotated[Words, Tag("words")]
    | Annotated[Regex, Tag("regex")]
    | Annotated[Sentiment, Tag("sentiment")]
    | Annotated[Emotion, Tag("emotion")]
    | Annotated[Sound, Tag("sound")]
    | Annotated[Topic, Tag("topic")]
    | Annotated[Silence, Tag("silence")]
    | Annotated[HoldMusic, Tag("hold_music")]
    | Annotated[Overtalk, Tag("overtalk")]
    | Annotated[Interruptions, Tag("interruptions")]
    | Annotated[Figure, Tag("figure")]
    | Annotated[AllOf, Tag("all")]
    | Annotated[AnyOf, Tag("any")]
    | Annotated[Not, Tag("not")],
    Discriminator(
        kind_of,
        custom_error_type="condition",
        custom_error_message="a condition has exactly one of the fields " + ", ".join(KINDS),
    ),
]


def parts(condition: Frozen) -> tuple[Frozen, ...]:
    """The conditions that one is made of; none for those of a single kind."""
    match condition:
        case AllOf():
            return condition.all
        case AnyOf():
            return condition.any
        case Not():
            return (condition.not_,)
    return ()


def walk(condition: Frozen, depth: int = 1) -> Iterator[tuple[Frozen, int]]:
    """A condition and all within it, with their depths."""
    yield condition, depth
    for each in parts(condition):
        yield from walk(each, depth + 1)
