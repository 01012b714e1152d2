"""The shape of Amazon Transcribe's Call Analytics: fields, types of values, and the values."""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import pytest

from earshot.analysis.figures.made import Talk, conversation
from earshot.analysis.findings import Classification, SpeakerTurn
from earshot.analysis.report.categories import Category, Hit
from earshot.analysis.report.report import Report
from earshot.analysis.report.sections import Emergency
from earshot.analysis.text_sentiment.sections import Fused
from earshot.exports.aws import call_analytics
from earshot.exports.formats import exported
from tests.unit.exports.calls import CALLS, report, speaker, turn

SPAN = {"BeginOffsetMillis": int, "EndOffsetMillis": int, "DurationMillis": int}
NUMBER = (int, float)
BY_NAME = "*"
SHAPE: dict[str, Any] = {
    "JobStatus": str,
    "JobName": str,
    "LanguageCode": str,
    "Channel": str,
    "Participants": [{"ParticipantRole": str}],
    "Transcript": [
        {
            "Id": str,
            "ParticipantRole": str,
            "BeginOffsetMillis": int,
            "EndOffsetMillis": int,
            "Content": str,
            "Sentiment": str,
            "Items": [
                {
                    "Type": str,
                    "Content": str,
                    "Confidence": str,
                    "BeginOffsetMillis": int,
                    "EndOffsetMillis": int,
                }
            ],
        }
    ],
    "Categories": {
        "MatchedCategories": [str],
        "MatchedDetails": {BY_NAME: {"PointsOfInterest": [SPAN]}},
    },
    "ConversationCharacteristics": {
        "TotalConversationDurationMillis": int,
        "NonTalkTime": {"Instances": [SPAN], "TotalTimeMillis": int},
        "Interruptions": {
            "TotalCount": int,
            "TotalTimeMillis": int,
            "InterruptionsByInterrupter": {BY_NAME: [SPAN]},
        },
        "TalkSpeed": {"DetailsByParticipant": {BY_NAME: {"AverageWordsPerMinute": int}}},
        "TalkTime": {
            "DetailsByParticipant": {BY_NAME: {"TotalTimeMillis": int}},
            "TotalTimeMillis": int,
        },
        "Sentiment": {
            "OverallSentiment": {BY_NAME: NUMBER},
            "SentimentByPeriod": {
                "QUARTER": {
                    BY_NAME: [{"BeginOffsetMillis": int, "EndOffsetMillis": int, "Score": NUMBER}]
                }
            },
        },
    },
}
"""Fields of the documented output (Transcribe developer guide, "Call Analytics output", post-call)
that are written, with the types of their values."""


def check(value: Any, shape: Any, where: str = "") -> None:
    """Fails where the value has another field or type than the shape."""
    if isinstance(shape, Mapping):
        assert isinstance(value, Mapping), where
        for name, each in value.items():
            assert name in shape or BY_NAME in shape, f"{where}.{name} is not in the shape"
            check(each, shape.get(name, shape.get(BY_NAME)), f"{where}.{name}")
    elif isinstance(shape, list):
        assert isinstance(value, Sequence), where
        for each in value:
            check(each, shape[0], f"{where}[]")
    else:
        assert isinstance(value, shape), where
        assert not isinstance(value, bool), where


def scored(positive: float, negative: float, *, abstained: bool = False) -> Classification:
    scores = {"positive": positive, "neutral": 1 - positive - negative, "negative": negative}
    label = "unclear" if abstained else max(scores, key=lambda each: scores[each])
    return Classification(
        label=label, confidence=max(scores.values()), scores=scores, abstained=abstained
    )


def call() -> Report:
    """The agent speaks 0-10 s, the customer 8-20 s (an interruption of 2 s), the agent 24-32 s."""
    turns = [
        turn(0, "good morning", 0, 10_000, [("good", 0, 4_000), ("morning", 4_000, 9_000)], 0,
             "agent"),
        turn(1, "no", 8_000, 20_000, [("no", 8_000, 9_000)], 1, "customer"),
        turn(2, "bye", 24_000, 32_000, None, 0, "agent"),
        turn(3, "", 34_000, 40_000, None, 1, "customer"),
    ]  # fmt: skip
    answers = [scored(0.8, 0.0), scored(0.0, 0.5), scored(0.2, 0.4, abstained=True), None]
    turns = [
        each.model_copy(update={"sentiment": answer})
        for each, answer in zip(turns, answers, strict=True)
    ]
    speakers = [speaker(0, None, "agent"), speaker(1, None, "customer")]
    found = report(turns, speakers, duration_ms=40_000)
    spoken = tuple(
        SpeakerTurn(
            start_ms=each.start_ms, end_ms=each.end_ms, channel=each.channel, speaker=each.speaker
        )
        for each in turns[:3]
    )
    talk = Talk(
        recording=found.recording.model_copy(update={"roles": ("agent", "customer")}),
        source="channel",
        speech=spoken,
        speakers=found.speakers,
        turns=found.turns,
        scene=(),
        noise=None,
    )
    alarm = Emergency(
        start_ms=1_000, end_ms=5_000, label="fire", confidence=0.9, pattern="T3", frequency_hz=3100
    )
    return found.model_copy(update={"conversation": conversation(talk), "emergencies": (alarm,)})


@pytest.mark.parametrize("name", CALLS)
def test_any_report_has_the_shape(name: str) -> None:
    check(call_analytics(CALLS[name]), SHAPE)


def test_figures_are_those_of_the_report() -> None:
    found = call_analytics(call())
    check(found, SHAPE)
    assert set(found) == set(SHAPE)
    assert [each["ParticipantRole"] for each in found["Participants"]] == ["AGENT", "CUSTOMER"]
    assert [each.get("Sentiment") for each in found["Transcript"]] == ["POSITIVE", "NEUTRAL", None]
    assert [each["Content"] for each in found["Transcript"][0]["Items"]] == ["good", "morning"]
    talk = found["ConversationCharacteristics"]
    assert talk["TotalConversationDurationMillis"] == 40_000
    assert talk["TalkTime"]["DetailsByParticipant"] == {
        "AGENT": {"TotalTimeMillis": 18_000},
        "CUSTOMER": {"TotalTimeMillis": 12_000},
    }
    assert talk["TalkTime"]["TotalTimeMillis"] == 30_000, "more than the union of both"
    assert talk["Interruptions"] == {
        "TotalCount": 1,
        "TotalTimeMillis": 2_000,
        "InterruptionsByInterrupter": {
            "CUSTOMER": [
                {"BeginOffsetMillis": 8_000, "EndOffsetMillis": 10_000, "DurationMillis": 2_000}
            ]
        },
    }
    assert [each["DurationMillis"] for each in talk["NonTalkTime"]["Instances"]] == [4_000, 8_000]
    details = found["Categories"]["MatchedDetails"]
    assert details == {
        "fire_alarm": {
            "PointsOfInterest": [
                {"BeginOffsetMillis": 1_000, "EndOffsetMillis": 5_000, "DurationMillis": 4_000}
            ]
        }
    }


def test_sentiment_is_from_minus_five_to_five_by_quarter() -> None:
    found = call_analytics(call())["ConversationCharacteristics"]["Sentiment"]
    assert found["OverallSentiment"] == {"AGENT": 4.0, "CUSTOMER": -2.5}
    assert found["SentimentByPeriod"]["QUARTER"] == {
        "AGENT": [{"BeginOffsetMillis": 0, "EndOffsetMillis": 8_000, "Score": 4.0}],
        "CUSTOMER": [{"BeginOffsetMillis": 10_000, "EndOffsetMillis": 20_000, "Score": -2.5}],
    }, "unclear turns and quarters without a scored turn are left out"


def test_without_a_source_a_field_is_left_out() -> None:
    found = call_analytics(CALLS["no speech"])
    assert "Categories" not in found
    assert "ConversationCharacteristics" not in found
    assert found["Transcript"] == []
    text = exported([CALLS["scripts"].model_dump(mode="json")], "aws").decode()
    assert json.loads(text)["Transcript"][1]["Content"] == "متى يصل الطرد؟"


def category(name: str, *places: tuple[int, int]) -> Category:
    hits = tuple(
        Hit(start_ms=start, end_ms=end, condition=f"any.{number}", kind="words")
        for number, (start, end) in enumerate(places)
    )
    return Category(
        start_ms=min(start for start, _ in places),
        end_ms=max(end for _, end in places),
        name=name,
        rule=UUID(int=7),
        version=2,
        hits=hits,
        hits_total=len(hits),
    )


def test_rules_that_match_are_categories_with_the_places_of_their_hits() -> None:
    rules = (
        category("cancellation", (8_000, 9_000), (8_000, 9_000), (2_000, 3_000)),
        category("fire_alarm", (6_000, 7_000)),
    )
    without_alarm = call().model_copy(update={"categories": rules, "emergencies": ()})
    found = call_analytics(without_alarm)["Categories"]
    check(found, SHAPE["Categories"])
    assert found["MatchedCategories"] == ["cancellation", "fire_alarm"]
    assert found["MatchedDetails"]["cancellation"]["PointsOfInterest"] == [
        {"BeginOffsetMillis": 2_000, "EndOffsetMillis": 3_000, "DurationMillis": 1_000},
        {"BeginOffsetMillis": 8_000, "EndOffsetMillis": 9_000, "DurationMillis": 1_000},
    ], "in order of time; a place at which two conditions hold is one"

    both = call_analytics(call().model_copy(update={"categories": rules}))["Categories"]
    assert sorted(both["MatchedCategories"]) == ["cancellation", "fire_alarm"]
    points = both["MatchedDetails"]["fire_alarm"]["PointsOfInterest"]
    assert [each["BeginOffsetMillis"] for each in points] == [1_000, 6_000], "alarm and rule"


def test_words_and_voice_together_go_before_the_voice() -> None:
    found = call()
    fused = Fused(
        basis="both",
        label="negative",
        confidence=0.9,
        scores={"negative": 0.9, "neutral": 0.1, "positive": 0.0},
        text={},
        voice={},
        disagreement=None,
        opposed=False,
    )
    first = found.turns[0].model_copy(update={"fusion": fused})
    shaped = call_analytics(found.model_copy(update={"turns": (first, *found.turns[1:])}))
    assert shaped["Transcript"][0]["Sentiment"] == "NEGATIVE"
    sentiment = shaped["ConversationCharacteristics"]["Sentiment"]
    assert sentiment["OverallSentiment"]["AGENT"] == -4.5
