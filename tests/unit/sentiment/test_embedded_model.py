"""The embedded model of text sentiment: what it must not take for praise or blame, and its quality
on the sentences that it was not trained on."""

from pathlib import Path

import numpy as np
import pytest
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from earshot.analysis.errors import Misconfigured
from earshot.models.checkpoints.defaults import default_release
from earshot.models.onnx_model import check_features
from earshot.models.runtimes import open_release
from earshot.models.text.linear import LinearText
from earshot.models.text.ngrams import FEATURES, scopes, sentences, tokens
from earshot.settings import PROJECT, settings
from tests.unit.sentiment.test_sentences import rows

LABELS = ("negative", "neutral", "positive")
TRAINING = PROJECT / "training" / "recipes" / "text_sentiment"


@pytest.fixture(scope="module")
def model() -> LinearText:
    found: LinearText = open_release(default_release("text_sentiment"), "cpu", settings())
    return found


def label(model: LinearText, text: str) -> str:
    shares = model.shares(text)
    assert shares is not None
    return model.labels[int(shares.argmax())]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Thank you for calling customer service, how may I help you today?", "neutral"),
        ("I'd be glad to help you with your account.", "neutral"),
        ("I would like to cancel my broadband contract, please.", "neutral"),
        ("Thanks for breaking my phone.", "negative"),
        ("You are very friendly, but my line is still dead.", "negative"),
        ("I'm not happy with the repair.", "negative"),
        ("I was angry before, but you solved it brilliantly.", "positive"),
        ("It is not bad at all.", "positive"),
        ("Thank you so much for fixing it.", "positive"),
    ],
)
def test_formulas_are_neutral_and_negation_and_contrast_are_read(
    model: LinearText, text: str, expected: str
) -> None:
    assert label(model, text) == expected


def macro_f1(truth: list[str], answers: list[str]) -> float:
    pairs = list(zip(truth, answers, strict=True))
    found = []
    for name in LABELS:
        hits = pairs.count((name, name))
        found.append(2 * hits / (truth.count(name) + answers.count(name)))
    return float(np.mean(found))


def test_quality_on_sentences_of_call_centres_is_that_of_the_card_and_above_vaders(
    model: LinearText,
) -> None:
    asked = rows()
    truth = [row["label"] for row in asked]
    ours = macro_f1(truth, [label(model, row["text"]) for row in asked])
    analyser = SentimentIntensityAnalyzer()
    scores = [analyser.polarity_scores(row["text"])["compound"] for row in asked]
    vader = ["positive" if s >= 0.05 else "negative" if s <= -0.05 else "neutral" for s in scores]
    theirs = macro_f1(truth, vader)
    card = Path(PROJECT / "earshot/models/embedded/text_sentiment.md").read_text(encoding="utf-8")
    assert f"| this model | {ours:.3f} |" in card
    assert f"| VADER 3.3.2 | {theirs:.3f} |" in card
    assert ours > theirs + 0.15


def test_no_sentence_to_measure_on_was_trained_on() -> None:
    asked = {" ".join(tokens(row["text"])) for row in rows()}
    trained = {
        " ".join(tokens(line))
        for path in TRAINING.glob("*.txt")
        for line in path.read_text(encoding="utf-8").splitlines()
    }
    assert len(trained) > 1_000
    assert not asked & trained


def test_shares_of_several_sentences_are_weighted_by_words(model: LinearText) -> None:
    first, second = "I am very angry with you.", "Yes please."
    together, one, other = (model.shares(text) for text in (f"{first} {second}", first, second))
    assert one is not None
    assert other is not None
    assert together == pytest.approx((6 * one + 2 * other) / 8, abs=1e-6)
    assert model.shares(" ... ") is None


def test_contractions_numbers_and_scopes_of_negation() -> None:
    assert tokens("I can't pay 20, it’s gone") == [
        "i", "can", "not", "pay", "#", ",", "it", "'s", "gone",
    ]  # fmt: skip
    assert scopes(tokens("not good, but cheap")) == ["w", "n", "w", "w", "w"]
    assert sentences("No. It works! Really?") == ["No.", "It works!", "Really?"]


def test_a_checkpoint_of_other_features_is_refused() -> None:
    release = default_release("text_sentiment")
    check_features(release, FEATURES, FEATURES)
    with pytest.raises(Misconfigured, match=f"wants features english-ngrams-9.*{FEATURES}"):
        check_features(release, "english-ngrams-9", FEATURES)
