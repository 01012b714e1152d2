"""The figures as a report has them."""

from typing import Annotated, Literal

from pydantic import Field

from earshot.analysis.figures.definitions import DEFINITIONS, Definition
from earshot.analysis.findings import Share, SpeakerTurn
from earshot.analysis.types import Frozen, Interval, Millis

NoRate = Literal["no_speech", "not_transcribed", "no_words", "no_word_times"]
Count = Annotated[int, Field(ge=0)]


class ResponseGap(Frozen):
    """See the definition of ``response_gap``."""

    median_ms: int | None = Field(description="Null without any.")
    n: Count


class WordRate(Frozen):
    """See the definition of ``words_per_minute``."""

    value: float | None
    words: Count
    speech_ms: Count = Field(description="Speech that was transcribed.")
    reason: NoRate | None = Field(default=None, description="Of a null.")


class SentimentShift(Frozen):
    """See the definition of ``sentiment_shift``."""

    value: Annotated[float, Field(ge=-2, le=2)] | None
    start: Annotated[float, Field(ge=-1, le=1)] | None
    end: Annotated[float, Field(ge=-1, le=1)] | None
    n_start: Count
    n_end: Count
    reason: Literal["not_scored", "too_few"] | None = Field(default=None, description="Of a null.")


class Loudness(Frozen):
    """See the definition of ``loudness``."""

    lufs: float
    view: Annotated[float, Field(ge=0, le=100)]


class Shared(Frozen):
    """Figures of one participant, and of all together."""

    talk_ms: Count
    talk_of_call: Share
    talk_of_speech: Share
    overtalk_ms: Count
    overtalk_of_call: Share
    overtalk_of_speech: Share
    turns: Count
    interruptions: Count = Field(description="By this participant.")
    back_channels: Count = Field(description="By this participant.")
    longest_monologue_ms: Count
    response_gap: ResponseGap
    words_per_minute: WordRate


class Participant(Shared):
    """Figures of one role, or of one speaker where roles are not known."""

    name: str = Field(description="The role, or the id of the speaker.")
    role: str | None
    speakers: tuple[str, ...] = Field(description="Ids; empty for a role that never speaks.")
    listen_ms: Count
    listen_of_call: Share
    loudness: Loudness | None
    first_speech_ms: Millis | None = Field(description="Null without speech.")
    sentiment_shift: SentimentShift


class Total(Shared):
    """Figures of the whole recording."""

    silence_ms: Count
    silence_of_call: Share
    hold_music_ms: Count | None
    hold_music_of_call: Share | None


class Quiet(Interval):
    """A stretch in which no participant speaks."""

    kind: Literal["silence", "hold_music"]


class Overlap(Interval):
    """A turn begun during that of another participant: as long as both speak."""

    kind: Literal["interruption", "back_channel", "other"]
    by: str = Field(description="Name of the participant who came in.")
    of: str = Field(description="Name of the one who was speaking.")


class Conversation(Frozen):
    """Figures of the conversation, and what they rest on."""

    source: Literal["channel", "diarized", "mixed"] = Field(
        description=(
            "How speakers were separated: by their channels; by their voices on one channel, less"
            " exact; not at all: then there are no participants."
        )
    )
    total: Total
    participants: tuple[Participant, ...] = Field(description="In order of channel or of speaker.")
    quiet: tuple[Quiet, ...] = Field(description="In order of time.")
    overlaps: tuple[Overlap, ...] = Field(description="In order of time.")
    speech: tuple[SpeakerTurn, ...] = Field(
        description="The speech that all figures are of, in order of time, without padding."
    )
    definitions: tuple[Definition, ...] = DEFINITIONS
