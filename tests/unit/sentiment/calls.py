"""A call of two channels whose turns have sentiment of words and of voice."""

from earshot.analysis.findings import AsrFindings, Findings, Word
from earshot.analysis.outcome import Succeeded
from earshot.analysis.report.parts import Part
from earshot.analysis.report.report import Report, build_report
from earshot.analysis.report.sections import Turn
from earshot.analysis.text_sentiment.findings import TextSentimentFindings, TurnScores, digest_of
from earshot.analysis.text_sentiment.rule import FusionRule
from earshot.analysis.types import TRANSCRIPT
from tests.sounds.call_parts import part, recording, sentiment

SAID = (
    (0, "good morning", 1_000),
    (1, "it is broken again", 5_000),
    (0, "let me see", 20_000),
    (1, "thank you so much", 33_000),
)
SCORES = {
    "good morning": {"negative": 0.1, "neutral": 0.8, "positive": 0.1},
    "it is broken again": {"negative": 0.8, "neutral": 0.1, "positive": 0.1},
    "thank you so much": {"negative": 0.0, "neutral": 0.2, "positive": 0.8},
}
MODELS = {"": "base", "agent": "a", "customer": "c"}


def spoken() -> AsrFindings:
    words = [
        Word(
            text=text,
            start_ms=start + 400 * at,
            end_ms=start + 400 * at + 300,
            channel=channel,
            confidence=0.9,
        )
        for channel, said, start in SAID
        for at, text in enumerate(said.split())
    ]
    return AsrFindings(language="en", words=tuple(words))


def scored(turns: tuple[Turn, ...], models: dict[str, str]) -> TextSentimentFindings:
    return TextSentimentFindings(
        language="en",
        models=models,
        rule=FusionRule(),
        turns=tuple(
            TurnScores(
                **turn.model_dump(include={"start_ms", "end_ms", "channel", "speaker"}),
                digest=digest_of(turn.text),
                words=len(turn.words),
                scores=SCORES.get(turn.text),
                reason=None if turn.text in SCORES else "too_short" if turn.text else "no_words",
                model=models.get(turn.role or "", models[""]) if turn.text in SCORES else None,
            )
            for turn in turns
        ),
    )


def of_transcript(findings: Findings) -> Part:
    outcome = Succeeded(
        findings=findings.model_dump(mode="json"), classification=findings.classification()
    )
    return Part(
        chunk=TRANSCRIPT,
        start_ms=0,
        end_ms=40_000,
        analysis="text_sentiment",
        release="text_sentiment-1",
        outcome=outcome,
    )


def parts() -> list[Part]:
    """Without the sentiment of words."""
    said = spoken()
    early = tuple(word for word in said.words if word.start_ms < 24_500)
    late = tuple(word for word in said.words if word.start_ms >= 24_500)
    both = ((1_000, 23_000, 0, "agent", 0.2), (5_000, 23_000, 1, "customer", 0.9))
    return [
        part("asr", 0, said.model_copy(update={"words": early})),
        part("asr", 1, said.model_copy(update={"words": late})),
        part("sentiment", 0, sentiment(*both)),
        part("sentiment", 1, sentiment((33_000, 36_000, 1, "customer", 0.7))),
    ]


def call(models: dict[str, str] = MODELS) -> Report:
    asked = recording(analyses=("asr", "sentiment", "text_sentiment"))
    before = build_report(asked, parts())
    return build_report(asked, [*parts(), of_transcript(scored(before.turns, models))])
