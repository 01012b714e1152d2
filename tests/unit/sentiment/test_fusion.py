"""Late fusion of words and voice: weights, what counts alone, and disagreement (C-07)."""

import pytest

from earshot.analysis.findings import UNCLEAR, Classification
from earshot.analysis.text_sentiment.fused import fuse_sentiment
from earshot.analysis.text_sentiment.rule import FusionRule
from earshot.analysis.text_sentiment.sections import TextSentiment

RULE = FusionRule()


def text(negative: float, neutral: float, positive: float) -> TextSentiment:
    scores = {"negative": negative, "neutral": neutral, "positive": positive}
    label = max(scores, key=lambda name: scores[name])
    return TextSentiment(
        status="scored", label=label, confidence=scores[label], scores=scores, words=5, model="m"
    )


def voice(negative: float, neutral: float, positive: float) -> Classification:
    scores = {"negative": negative, "neutral": neutral, "positive": positive}
    label = max(scores, key=lambda name: scores[name])
    return Classification(label=label, confidence=scores[label], scores=scores)


SILENT = TextSentiment(status="not_scored", reason="no_words", words=0)


def test_the_mean_has_the_default_weights_and_keeps_both_inputs() -> None:
    found = fuse_sentiment(RULE, text(0.1, 0.2, 0.7), voice(0.6, 0.3, 0.1))
    assert found.basis == "both"
    assert found.scores == pytest.approx({"negative": 0.3, "neutral": 0.24, "positive": 0.46})
    assert (found.label, found.confidence) == ("positive", 0.46)
    assert found.text["positive"] == 0.7
    assert found.voice["negative"] == 0.6


def test_another_weight_turns_the_answer() -> None:
    found = fuse_sentiment(FusionRule(text_weight=0.2), text(0.1, 0.2, 0.7), voice(0.6, 0.3, 0.1))
    assert found.label == "negative"


@pytest.mark.parametrize("words", [None, SILENT, text(0.3, 0.45, 0.25)])
def test_the_voice_counts_alone_where_the_words_say_nothing(words: TextSentiment | None) -> None:
    found = fuse_sentiment(RULE, words, voice(0.6, 0.3, 0.1))
    assert (found.basis, found.label, found.confidence) == ("voice", "negative", 0.6)
    assert not found.opposed


def test_the_words_count_alone_without_a_voice_and_nothing_is_made_up_without_both() -> None:
    assert fuse_sentiment(RULE, text(0.1, 0.2, 0.7), None).basis == "text"
    empty = fuse_sentiment(RULE, SILENT, None)
    assert (empty.basis, empty.label, empty.confidence, empty.scores) == ("none", None, None, {})


def test_disagreement_is_the_distance_and_opposed_needs_two_answers() -> None:
    found = fuse_sentiment(RULE, text(0.1, 0.2, 0.7), voice(0.6, 0.3, 0.1))
    assert found.disagreement == pytest.approx(0.6)
    assert found.opposed
    unclear = voice(0.4, 0.35, 0.25).model_copy(update={"label": UNCLEAR, "abstained": True})
    assert not fuse_sentiment(RULE, text(0.1, 0.2, 0.7), unclear).opposed
    assert not fuse_sentiment(RULE, text(0.1, 0.8, 0.1), voice(0.6, 0.3, 0.1)).opposed


def test_a_model_of_other_labels_is_not_averaged_with_the_voice() -> None:
    stars = TextSentiment(
        status="scored", label="5 stars", confidence=0.9, words=4,
        scores={"1 star": 0.1, "5 stars": 0.9},
    )  # fmt: skip
    found = fuse_sentiment(RULE, stars, voice(0.6, 0.3, 0.1))
    assert (found.basis, found.label, found.disagreement) == ("voice", "negative", None)
