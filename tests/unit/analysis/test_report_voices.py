"""How each voice sounded: every speaker's own turns, under its role's model, weighted by time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earshot.analysis.findings import UNCLEAR, RoleScores
from earshot.analysis.report.align import Floor
from earshot.analysis.report.pooling import mean_scores
from earshot.analysis.report.sections import Speaker
from earshot.analysis.report.voices import sentiment_of, sentiment_of_voices, tracks
from earshot.analysis.shares import STEPS
from earshot.analysis.types import Interval, Utterance

ALWAYS = Interval(start_ms=0, end_ms=100_000)


def scored(role: str, start: int, end: int, channel: int, negative: float) -> RoleScores:
    scores = {"negative": negative, "neutral": 0.0, "positive": 1 - negative}
    return RoleScores(role=role, start_ms=start, end_ms=end, channel=channel, scores=scores)


def speaker(name: str, channel: int, role: str | None) -> Speaker:
    return Speaker(id=name, channel=channel, role=role, talk_ms=1)


def floor(name: str, start: int, end: int, channel: int) -> Floor:
    return Floor(name, Utterance(start_ms=start, end_ms=end, channel=channel), ())


def voices(
    heard: list[RoleScores], speakers: list[Speaker], floors: list[Floor]
) -> list[tuple[object, ...]]:
    answers = sentiment_of_voices(tracks((item, ALWAYS) for item in heard), speakers, floors)
    return [(a.speaker, a.role, a.label, a.scores["negative"], a.speech_ms) for a in answers]


def test_each_channel_is_answered_by_the_model_of_its_role() -> None:
    heard = [scored("agent", 0, 1_000, 0, 0.1), scored("customer", 500, 2_000, 1, 0.9)]
    speakers = [speaker("s0", 0, "agent"), speaker("s1", 1, "customer")]
    assert voices(heard, speakers, [floor("s0", 0, 1_000, 0), floor("s1", 500, 2_000, 1)]) == [
        ("s0", "agent", "positive", 0.1, 1_000),
        ("s1", "customer", "negative", 0.9, 1_500),
    ]


def test_long_utterances_weigh_more_and_only_what_lies_in_a_turn_counts() -> None:
    heard = [scored("agent", 0, 3_000, 0, 1.0), scored("agent", 3_000, 9_000, 0, 0.0)]
    assert voices(heard, [speaker("s0", 0, "agent")], [floor("s0", 0, 4_000, 0)]) == [
        ("s0", "agent", "negative", 0.75, 4_000)
    ]


def test_without_a_role_all_models_are_averaged_and_time_counts_once() -> None:
    heard = [
        scored(role, 0, 2_000, 0, negative)
        for role, negative in (("agent", 0.2), ("customer", 0.9))
    ]
    assert voices(heard, [speaker("s0", 0, None)], [floor("s0", 0, 2_000, 0)]) == [
        ("s0", None, "negative", 0.55, 2_000)
    ]


def test_a_role_that_no_model_was_made_for_is_answered_by_all_of_them() -> None:
    heard = [
        scored(role, 0, 2_000, 0, negative)
        for role, negative in (("agent", 0.2), ("customer", 0.9))
    ]
    assert voices(heard, [speaker("s0", 0, "boss")], [floor("s0", 0, 2_000, 0)]) == [
        ("s0", "boss", "negative", 0.55, 2_000)
    ]


def test_two_voices_on_one_channel_are_told_apart_by_their_turns() -> None:
    heard = [scored("agent", 0, 1_000, 0, 0.0), scored("agent", 1_000, 2_000, 0, 1.0)]
    speakers = [speaker("s0", 0, None), speaker("s1", 0, None)]
    answers = voices(heard, speakers, [floor("s0", 0, 1_000, 0), floor("s1", 1_000, 2_000, 0)])
    assert [(name, negative) for name, _, _, negative, _ in answers] == [("s0", 0.0), ("s1", 1.0)]


def test_who_was_not_scored_has_no_answer() -> None:
    assert voices([], [speaker("s0", 0, "agent")], [floor("s0", 0, 1_000, 0)]) == []


@pytest.mark.parametrize(
    ("least", "label"), [(0.0, "negative"), (0.6, "negative"), (0.61, "unclear")]
)
def test_a_voice_below_the_least_share_of_an_answer_is_unclear(least: float, label: str) -> None:
    item = scored("agent", 0, 1_000, 0, 0.6).model_copy(update={"answered_from": least})
    (answer,) = sentiment_of_voices(
        tracks([(item, ALWAYS)]), [speaker("s0", 0, "agent")], [floor("s0", 0, 1_000, 0)]
    )
    assert (answer.label, answer.abstained) == (label, label == UNCLEAR)
    assert (answer.confidence, answer.scores) == (0.6, item.scores), "the scores are kept"


def test_utterances_of_two_roles_are_answered_from_the_mean_of_both() -> None:
    """Of a speaker without a role, by the time of each."""
    items = [
        (scored(role, 0, ms, 0, 0.7).model_copy(update={"answered_from": least}), float(ms))
        for role, ms, least in (("agent", 3_000, 0.8), ("customer", 1_000, 0.2))
    ]
    answer = sentiment_of(items)
    assert answer is not None
    assert answer.label == "negative", "0.65 of time is below 0.7"
    raised = [(item.model_copy(update={"answered_from": 0.8}), weight) for item, weight in items]
    assert (unclear := sentiment_of(raised)) is not None
    assert unclear.abstained


def test_findings_of_older_releases_always_answer() -> None:
    stored = scored("agent", 0, 1_000, 0, 0.51).model_dump(exclude={"answered_from"})
    answer = sentiment_of([(RoleScores.model_validate(stored), 1.0)])
    assert answer is not None
    assert (answer.label, answer.abstained) == ("negative", False)


def test_nothing_within_a_turn_has_no_sentiment() -> None:
    assert sentiment_of([]) is None
    assert sentiment_of([(scored("agent", 0, 1_000, 0, 0.5), 0.0)]) is None


shares = st.lists(st.integers(0, 100), min_size=3, max_size=3).filter(any)


@given(st.lists(st.tuples(shares, st.floats(0.1, 1e6)), min_size=1, max_size=20))
def test_pooled_shares_sum_to_one(parts: list[tuple[list[int], float]]) -> None:
    named = [
        (dict(zip("abc", (n / sum(counts) for n in counts), strict=True)), weight)
        for counts, weight in parts
    ]
    pooled = mean_scores(named)
    total = sum(weight for _, weight in named)
    assert sum(round(share * STEPS) for share in pooled.values()) == STEPS
    assert all(abs(pooled[x] - sum(s[x] * w for s, w in named) / total) <= 1 / STEPS for x in "abc")
