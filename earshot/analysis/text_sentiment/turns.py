"""Text sentiment of turns: from the findings to the turns of a report, and through corrections."""

from collections.abc import Iterable, Mapping, Sequence

from earshot.analysis.report.parts import Evidence
from earshot.analysis.report.pooling import classify
from earshot.analysis.report.sections import Turn
from earshot.analysis.text_sentiment.findings import (
    TextSentimentFindings,
    TurnScores,
    digest_of,
)
from earshot.analysis.text_sentiment.fused import fuse_sentiment
from earshot.analysis.text_sentiment.rule import FusionRule, NotScored
from earshot.analysis.text_sentiment.sections import TextSection, TextSentiment


def text_findings(evidence: Evidence) -> TextSentimentFindings | None:
    """The answer of the analysis; None without one."""
    found = evidence.found("text_sentiment", TextSentimentFindings)
    return found[0][1] if found else None


def with_text(found: TextSentimentFindings, turns: Iterable[Turn]) -> tuple[Turn, ...]:
    """The turns with the sentiment of their words, also fused with that of the voice. Scores are of
    the turn at the same place, if it has the same words."""
    by_place = {_place(each): each for each in found.turns}
    return tuple(fused(found.rule, _scored(turn, by_place.get(_place(turn)))) for turn in turns)


def fused(rule: FusionRule, turn: Turn) -> Turn:
    """The turn with its fused sentiment as its parts are now."""
    if turn.text_sentiment is None:
        return turn
    together = fuse_sentiment(rule, turn.text_sentiment, turn.sentiment)
    return turn.model_copy(update={"fusion": together})


def recast(section: TextSection, turns: Sequence[Turn]) -> list[Turn]:
    """The turns after corrections: those that the model of another role has scored are not
    scored."""
    return [_recast(turn, section.models) for turn in turns]


def not_scored(reason: NotScored, words: int) -> TextSentiment:
    """The reason in place of scores."""
    return TextSentiment(status="not_scored", reason=reason, words=words)


def _recast(turn: Turn, models: Mapping[str, str]) -> Turn:
    text = turn.text_sentiment
    if text is None or text.model in (None, models.get(turn.role or "", models.get("", ""))):
        return turn
    return turn.model_copy(update={"text_sentiment": not_scored("other_role", text.words)})


def _place(turn: Turn | TurnScores) -> tuple[int, int, int, str]:
    return turn.channel, turn.start_ms, turn.end_ms, turn.speaker


def _scored(turn: Turn, scores: TurnScores | None) -> Turn:
    answer = classify([(scores.scores, 1.0)]) if scores and scores.scores else None
    if scores is None or scores.digest != digest_of(turn.text):
        text = not_scored("outdated", len(turn.words))
    elif answer is None:
        text = not_scored(scores.reason or "no_words", scores.words)
    else:
        text = TextSentiment(
            status="scored",
            label=answer.label,
            confidence=answer.confidence,
            scores=answer.scores,
            words=scores.words,
            model=scores.model,
        )
    return turn.model_copy(update={"text_sentiment": text})
