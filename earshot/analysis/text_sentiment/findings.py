"""Findings of text sentiment."""

from hashlib import sha256
from typing import Annotated

from pydantic import Field

from earshot.analysis.findings import Classification, Findings, Scores
from earshot.analysis.report.pooling import classify
from earshot.analysis.text_sentiment.rule import FusionRule, NotScored
from earshot.analysis.types import Utterance


class TurnScores(Utterance):
    """One turn of the transcript: its scores, or why it has none."""

    speaker: str
    digest: str
    """``digest_of`` the text that was scored."""
    words: Annotated[int, Field(ge=0)]
    scores: Scores | None = None
    reason: NotScored | None = None
    model: str | None = None
    """Of the turn's role; null where no model was asked."""


class TextSentimentFindings(Findings):
    """Text sentiment of every turn of the transcript."""

    language: str | None
    """BCP 47, of the transcript."""
    turns: tuple[TurnScores, ...]
    models: dict[str, str]
    """Role, empty for all others, to the model that scores it."""
    rule: FusionRule

    def classification(self) -> Classification | None:
        """Of all turns, weighted by their words."""
        return classify((turn.scores, float(turn.words)) for turn in self.turns if turn.scores)


def digest_of(text: str) -> str:
    """Tells whether a turn has the words that were scored, without their being stored twice."""
    return sha256(text.encode()).hexdigest()[:16]
