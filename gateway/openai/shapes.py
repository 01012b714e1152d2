"""The shapes of OpenAI's transcriptions. What it does not know is under the key ``earshot``; fields
of its own that have no true value here are left out."""

from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field

Seconds = float


class Usage(BaseModel):
    """The length of the recording."""

    type: Literal["duration"] = "duration"
    seconds: Seconds


class SpeakerExtras(BaseModel):
    """A speaker."""

    label: str = Field(
        description="As in the segments of diarized_json: `A`, `B`, ..., or a given name."
    )
    id: str = Field(description="As in the report: `s0`, `s1`, ...")
    role: str | None = None
    talk_ms: int


class Extras(BaseModel):
    """What OpenAI's shapes have no place for."""

    recording_id: UUID
    languages: list[str] = Field(description="BCP 47 language of the words; empty without words.")
    speakers: list[SpeakerExtras] | None = Field(
        None, description="Where the channels tell the speakers, or diarization does."
    )


class EmotionExtras(BaseModel):
    """The emotion of a segment, if it was analysed for the same recording."""

    label: str
    confidence: float


class SegmentExtras(BaseModel):
    """What is known of a segment besides."""

    turn: str = Field(description="Id of the turn in the report.")
    speaker: str | None = None
    role: str | None = None
    confidence: float | None = Field(None, description="Mean confidence of the words.")
    emotion: EmotionExtras | None = None


class WordExtras(BaseModel):
    """What is known of a word besides."""

    confidence: float
    timing: str = Field(
        description="`native` or `aligned`: measured; `interpolated`: spread between the words"
        " around it."
    )


class Transcription(BaseModel):
    """`json`"""

    text: str
    usage: Usage
    earshot: Extras


class Word(BaseModel):
    """A word with its time."""

    word: str
    start: Seconds
    end: Seconds
    earshot: WordExtras


class Segment(BaseModel):
    """A turn. `tokens`, `seek`, `temperature`, `avg_logprob` and `no_speech_prob` are not known."""

    id: int
    start: Seconds
    end: Seconds
    text: str
    compression_ratio: float = Field(description="Of the text's UTF-8 bytes, by zlib.")
    earshot: SegmentExtras


class Verbose(BaseModel):
    """`verbose_json`"""

    task: Literal["transcribe"] = "transcribe"
    language: str = Field(description="BCP 47.")
    duration: Seconds
    text: str
    segments: list[Segment] | None = None
    words: list[Word] | None = None
    usage: Usage
    earshot: Extras


class DiarizedSegment(BaseModel):
    """A turn, with its speaker."""

    type: Literal["transcript.text.segment"] = "transcript.text.segment"
    id: str
    start: Seconds
    end: Seconds
    text: str
    speaker: str = Field(description="`A`, `B`, ... in order of their first turn, or a given name.")
    earshot: SegmentExtras


class Diarized(BaseModel):
    """`diarized_json`"""

    task: Literal["transcribe"] = "transcribe"
    duration: Seconds
    text: str
    segments: list[DiarizedSegment]
    usage: Usage
    earshot: Extras
