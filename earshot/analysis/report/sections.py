"""The sections of a report, each a frozen value that can be read without the code that made it."""

from typing import Annotated, Literal

from pydantic import Field

from earshot.analysis.findings import Classification, Redacted, Scores, Share, Timing
from earshot.analysis.text_sentiment.sections import Fused, TextSentiment
from earshot.analysis.types import TRANSCRIPT, Frozen, Interval, Release, Utterance

ChunkIndex = Annotated[
    int,
    Field(
        ge=TRANSCRIPT,
        description="Index of the chunk; -1 is the whole recording, -2 its transcript.",
    ),
]
Role = Annotated[
    str | None,
    Field(description="agent or customer where the channel tells; null where it is not known."),
]
Valence = Annotated[float, Field(ge=-1, le=1)]


class Missing(Frozen):
    """An analysis that could not be done for a chunk; such a report is partial."""

    analysis: str = Field(description="Name of the analysis.")
    chunk: ChunkIndex
    code: str = Field(description="Stable reason for machines.")
    detail: str = Field(description="One line for people.")


class SkippedPart(Frozen):
    """An analysis that had nothing to do on a chunk; the report is complete all the same."""

    analysis: str = Field(description="Name of the analysis.")
    chunk: ChunkIndex
    reason: str = Field(description="Stable reason, such as no_speech or scene_noise.")


class Stretch(Interval):
    """A stretch of the recording with one label."""

    label: str
    confidence: Share = Field(description="Mean confidence over the stretch, weighted by duration.")


class Sound(Stretch):
    """One sound event, from where it begins to where it ends."""

    peak: Share = Field(description="The largest share of its label within it.")


class NoiseSection(Frozen):
    """Environmental noise over time. Besides those of coverage, labels are no_noise, speech with
    nothing audible behind it, and unclear."""

    timeline: tuple[Stretch, ...]
    bandwidth_limited: bool = Field(
        description="Recorded below 32 kHz: classes that live in the upper band are unreliable."
    )
    coverage: tuple[str, ...] = Field(
        description="The noise classes that the model can tell at all."
    )
    narrow: bool = Field(
        default=False,
        description=(
            "Some of it has nothing above the band of a telephone: what cannot be distinguished"
            " there is unclear."
        ),
    )
    unmeasured: tuple[str, ...] = Field(
        default=(),
        description="Those of coverage for which no labelled recordings were at hand.",
    )


class Emergency(Stretch):
    """A fire alarm, joined over chunk borders. Its confidence is the best of its chunks: a
    correlation, and no probability."""

    pattern: Literal["T3", "T4"] = Field(
        description="T3: smoke or evacuation (ISO 8201); T4: carbon monoxide (NFPA 72)."
    )
    frequency_hz: int = Field(gt=0)


class Speaker(Frozen):
    """One voice of the recording."""

    id: str = Field(pattern=r"^s\d+$", description="s0, s1, ... in order of first appearance.")
    channel: int = Field(description="The channel of this speaker.")
    role: Role
    talk_ms: int = Field(ge=0, description="Speaking time of this speaker, in ms.")
    name: str | None = Field(default=None, description="As a person named the speaker.")


class EmotionSummary(Frozen):
    """Emotion pooled over a turn."""

    label: str = Field(description="Canonical emotion label; unclear where abstained.")
    label_native: str = Field(description="The top label in the model's own vocabulary.")
    confidence: Share = Field(description="Share of label_native.")
    scores: Scores
    abstained: bool = Field(
        default=False, description="No share is large enough for an answer; scores are kept."
    )
    valence: Valence | None = None
    arousal: Valence | None = None
    dominance: Valence | None = None


class SpokenWord(Interval):
    """One word of a turn."""

    text: str
    confidence: Share
    timing: Timing = Field(
        default="native",
        description=(
            "native: the recogniser gave the time; aligned: found by aligning the text with the"
            " sound; interpolated: spread between the words around it."
        ),
    )


class TranscriptConfidence(Frozen):
    """How far the words of a recording can be relied on."""

    words: int = Field(ge=1)
    doubtful: int = Field(ge=0, description="Words with a confidence below doubtful_below.")
    doubtful_below: Share = Field(
        description="About half of the words with less confidence are wrong."
    )


class Turn(Utterance):
    """One speaker holding the floor."""

    id: str = Field(description="t0, t1, ... in order of time as answered.")
    speaker: str = Field(pattern=r"^s\d+$")
    role: Role
    text: str = Field(
        description=(
            "Empty if speech was detected but no word was recognised, or none was transcribed:"
            " see transcribed."
        )
    )
    transcribed: bool = Field(
        description=(
            "Speech recognition answered for the whole turn; false where it failed, was skipped or"
            " was not asked for."
        )
    )
    words: tuple[SpokenWord, ...]
    confidence: Share | None = Field(
        description="Mean confidence of the words; null without words."
    )
    emotion: EmotionSummary | None
    sentiment: Classification | None = Field(description="Of the voice.")
    text_sentiment: TextSentiment | None = Field(
        default=None, description="Of the words; null where that analysis gave no answer."
    )
    fusion: Fused | None = Field(
        default=None, description="Of words and voice; null without text_sentiment."
    )


class Transcript(Frozen):
    """The spoken turns of a recording, as analyses of its text read them."""

    language: str | None
    """BCP 47, as ``Report.transcript_language``."""
    turns: tuple[Turn, ...]
    redacted: tuple[Redacted, ...] = ()
    """Stretches whose sound is to be removed, for ``workers.redaction``."""
    recogniser: Release | None = None
    """That transcribes again what is left of them."""


class VoiceSentiment(Classification):
    """Acoustic sentiment of one speaker, over all of its speech."""

    role: Role
    speaker: str = Field(pattern=r"^s\d+$")
    speech_ms: int = Field(ge=0, description="Speech that this rests on, in ms.")


class ChunkClassification(Classification, Interval):
    """The answer of any other analysis on one chunk."""

    chunk: ChunkIndex
