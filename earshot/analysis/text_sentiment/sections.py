"""Sections of a report: sentiment of the words, and its fusion with that of the voice."""

from typing import Annotated, Literal

from pydantic import Field

from earshot.analysis.findings import Scores, Share
from earshot.analysis.text_sentiment.rule import FusionRule, NotScored
from earshot.analysis.types import Frozen

Basis = Literal["both", "voice", "text", "none"]
SpeakerId = Annotated[str, Field(pattern=r"^s\d+$")]
SpeakerRole = Annotated[str | None, Field(description="agent or customer; null if not known.")]


class TextSentiment(Frozen):
    """Sentiment of words. It is never neutral because it was not measured: see ``status``."""

    status: Literal["scored", "not_scored"]
    reason: NotScored | None = Field(
        default=None,
        description=(
            "Why it is not scored. no_words: none were recognised; too_short: one word; too_long:"
            " more than the model reads; language_unsupported: by the model; not_transcribed;"
            " corrected: a person rewrote the words after they were scored; other_role: roles were"
            " corrected and each role has a model of its own; outdated: the words are newer than"
            " the scores."
        ),
    )
    label: str | None = Field(default=None, description="A label of the model; null if not scored.")
    confidence: Share | None = None
    scores: Scores = Field(default_factory=dict, description="Empty if not scored.")
    words: int = Field(ge=0, description="Words that were scored; without a score, all there are.")
    model: str | None = Field(
        default=None, description="Release, or file of the role's model; null if none was asked."
    )


class Fused(Frozen):
    """Weighted mean of the distributions of text and voice."""

    basis: Basis = Field(
        description=(
            "What it rests on. voice: the text is not scored, its confidence is below"
            " least_confidence, or its model has other labels; text: the voice has no answer; none:"
            " neither has."
        )
    )
    label: str | None
    confidence: Share | None
    scores: Scores
    text: Scores = Field(description="Distribution of the text; empty if not scored.")
    voice: Scores = Field(description="Distribution of the voice; empty without one.")
    disagreement: Share | None = Field(
        description=(
            "Total variation distance of the two distributions: 0, the same; 1, nothing in common."
            " Null where one is missing or their labels differ."
        )
    )
    opposed: bool = Field(
        description=(
            "One is negative and the other positive, the text with at least least_confidence:"
            " polite words in an angry voice, or irony."
        )
    )


class SpeakerText(Frozen):
    """Text sentiment of one speaker; parts are weighted by words."""

    speaker: SpeakerId
    role: SpeakerRole
    overall: TextSentiment
    quarters: tuple[TextSentiment, ...] = Field(
        description="Of the recording, four; a turn belongs to that of its middle."
    )
    first: TextSentiment = Field(description="Of the first turn with words.")
    last: TextSentiment = Field(description="Of the last turn with words.")
    turns: int = Field(ge=0, description="Turns that were scored.")
    not_scored: dict[str, int] = Field(description="Reason to turns that were not.")


class TextSection(Frozen):
    """Sentiment of the words, by speaker."""

    language: str | None = Field(description="BCP 47, of the transcript that was scored.")
    models: dict[str, str] = Field(
        description="Role, empty for all others, to the model that scores it."
    )
    speakers: tuple[SpeakerText, ...]


class SpeakerFusion(Frozen):
    """Fused sentiment of one speaker, of the same parts as ``SpeakerText``."""

    speaker: SpeakerId
    role: SpeakerRole
    overall: Fused
    quarters: tuple[Fused, ...]
    first: Fused
    last: Fused
    opposed_turns: int = Field(ge=0, description="Turns whose words and voice are opposed.")


class FusionSection(FusionRule):
    """Sentiment of words and voice together, and the rule that it was made by."""

    speakers: tuple[SpeakerFusion, ...]
