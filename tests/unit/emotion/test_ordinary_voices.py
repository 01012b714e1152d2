"""Utterances are judged against how their speaker sounds on the whole; the release abstains below
its least share."""

import math

import pytest

from earshot.analysis.emotion.findings import Emotion, Judging
from earshot.analysis.report.ordinary import ordinary_voice, unknown_voice
from earshot.analysis.report.pooling import pool_emotions

LABELS = ("angry", "neutral", "sad")
ORDINARY = {"angry": 0.1, "neutral": 0.8, "sad": 0.1}
MINUTE = 60_000.0


def judging(kept: float = 0.0, answered_from: float = 0.5) -> Judging:
    return Judging(
        canonical={label: label for label in LABELS},
        ordinary={label: math.log(share) for label, share in ORDINARY.items()},
        ordinary_ms=15_000,
        kept=kept,
        answered_from=answered_from,
    )


def utterance(angry: float, neutral: float, sad: float) -> Emotion:
    scores = dict(zip(LABELS, (angry, neutral, sad), strict=True))
    label = max(scores, key=lambda name: scores[name])
    return Emotion(
        start_ms=0,
        end_ms=1_000,
        channel=0,
        label=label,
        label_native=label,
        confidence=scores[label],
        scores=scores,
    )


def label_of(one: Emotion, spoken: list[tuple[Emotion, float]], rule: Judging) -> str:
    pooled = pool_emotions([(one, 1_000.0)], ordinary_voice(rule, spoken))
    assert pooled is not None
    return pooled.label


def test_a_voice_that_sounds_angry_in_every_sentence_is_an_ordinary_voice() -> None:
    always = utterance(0.7, 0.2, 0.1)
    assert label_of(always, [(always, MINUTE)], judging()) == "neutral"


def test_what_differs_from_the_rest_of_a_voice_stays() -> None:
    calm, loud = utterance(0.05, 0.9, 0.05), utterance(0.8, 0.15, 0.05)
    spoken = [(calm, MINUTE), (loud, 3_000.0)]
    assert label_of(loud, spoken, judging()) == "angry"
    assert label_of(calm, spoken, judging()) == "neutral"


def test_a_short_recording_says_little_about_a_voice() -> None:
    once = utterance(0.7, 0.2, 0.1)
    assert label_of(once, [(once, 2_000.0)], judging()) == "angry"


def test_the_kept_part_leaves_an_angry_call_angry() -> None:
    furious = utterance(0.98, 0.01, 0.01)
    assert label_of(furious, [(furious, MINUTE)], judging(kept=0.5)) == "angry"


def test_shares_sum_to_one_after_the_shift() -> None:
    one = utterance(0.7, 0.3, 0.0)
    shifted = ordinary_voice(judging(), [(one, MINUTE)]).judged(one.scores)
    assert sum(shifted.values()) == pytest.approx(1.0)


def test_below_the_least_share_the_release_abstains_and_keeps_the_scores() -> None:
    torn = utterance(0.4, 0.35, 0.25)
    pooled = pool_emotions([(torn, 1_000.0)], unknown_voice(judging()))
    assert pooled is not None
    assert (pooled.label, pooled.label_native, pooled.abstained) == ("unclear", "angry", True)
    assert pooled.scores == torn.scores
    assert pooled.confidence == 0.4


def test_the_length_of_utterances_weighs_the_ordinary_voice() -> None:
    calm, loud = utterance(0.05, 0.9, 0.05), utterance(0.8, 0.15, 0.05)
    mostly_loud = ordinary_voice(judging(), [(calm, 1_000.0), (loud, MINUTE)])
    mostly_calm = ordinary_voice(judging(), [(calm, MINUTE), (loud, 1_000.0)])
    assert mostly_loud.judged(loud.scores)["angry"] < mostly_calm.judged(loud.scores)["angry"]


def test_without_a_common_rule_utterances_that_abstained_decide_nothing() -> None:
    torn = utterance(0.4, 0.35, 0.25).model_copy(update={"label": "unclear", "abstained": True})
    sure = utterance(0.1, 0.1, 0.8)
    pooled = pool_emotions([(torn, 5_000.0), (sure, 1_000.0)])
    assert pooled is not None
    assert (pooled.label, pooled.abstained) == ("sad", False)
    alone = pool_emotions([(torn, 5_000.0)])
    assert alone is not None
    assert (alone.label, alone.abstained) == ("unclear", True)


@pytest.mark.parametrize(("spoken_ms", "label"), [(500.0, "unclear"), (4_000.0, "angry")])
def test_more_is_asked_of_an_answer_about_short_speech(spoken_ms: float, label: str) -> None:
    rule = judging().model_copy(update={"short": 0.4, "short_ms": 1_000})
    likely = utterance(0.6, 0.3, 0.1)
    pooled = pool_emotions([(likely, spoken_ms)], unknown_voice(rule))
    assert pooled is not None
    assert (pooled.label, pooled.scores) == (label, likely.scores)


def test_the_utterances_of_a_turn_are_evidence_together() -> None:
    rule = judging().model_copy(update={"short": 0.4, "short_ms": 1_000})
    pooled = pool_emotions([(utterance(0.6, 0.3, 0.1), 500.0)] * 4, unknown_voice(rule))
    assert pooled is not None
    assert pooled.label == "angry"


def test_what_is_asked_falls_with_the_speech_that_there_is() -> None:
    rule = judging().model_copy(update={"short": 0.9, "short_ms": 1_000})
    asked = [rule.least(spoken_ms) for spoken_ms in (0, 300, 1_000, 3_000, 60_000)]
    assert asked == sorted(asked, reverse=True)
    assert (asked[0], asked[-1]) == (1.0, pytest.approx(0.5))
    assert judging().least(100) == 0.5
