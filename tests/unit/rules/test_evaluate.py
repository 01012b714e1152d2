"""What rules find in a report, and where."""

from typing import Any

import pytest

from earshot.analysis.rules.verdict import MOST_HITS
from tests.unit.rules.calls import call, judged, turn

CALL = call(
    turn(0, "agent", 1_000, "Good morning, this is Anna."),
    turn(1, "customer", 10_000, "Je veux résilier MON contrat, please"),
    turn(2, "agent", 20_000, "I am sorry about that"),
    turn(3, "customer", 100_000, "cancel it, cancel it now"),
)


def test_a_phrase_is_found_with_its_words_and_times() -> None:
    found = judged(CALL, {"words": ["resilier mon contrat"], "role": "customer"})
    (hit,) = found.hits
    assert found.holds
    assert (hit.turn, hit.first_word, hit.last_word) == ("t1", 2, 4)
    assert (hit.start_ms, hit.end_ms) == (10_600, 11_400)
    assert hit.value == {"phrase": "resilier mon contrat", "confidence": 0.9}
    assert hit.condition == "words"


@pytest.mark.parametrize(
    ("phrase", "holds"),
    [
        ("contrat", True),
        ("CONTRAT please", True),  # punctuation between words is none
        ("contra", False),  # whole words
        ("ontrat", False),
        ("résilier", True),
        ("good morning", True),
        ("morning good", False),
        ("cancel it cancel", True),
    ],
)
def test_phrases_are_whole_words(phrase: str, holds: bool) -> None:
    assert judged(CALL, {"words": [phrase]}).holds is holds


def test_of_a_role_and_a_number_of_times() -> None:
    assert judged(CALL, {"words": ["sorry"], "role": "customer"}).holds is False
    assert judged(CALL, {"words": ["cancel it"], "count": 2}).total == 2
    assert judged(CALL, {"words": ["cancel it"], "count": 3}).holds is False
    assert judged(CALL, {"words": ["sorry"], "role": "lawyer"}).why == "no_roles"


@pytest.mark.parametrize(
    ("within", "starts"),
    [
        ({"first_sec": 21}, [20_300 + 300]),
        ({"first_sec": 20.6}, []),  # it begins at 20.6 s
        ({"from_sec": 20, "to_sec": 21}, [20_600]),
        ({"last_sec": 99.4}, [20_600]),
        ({"last_sec": 99.3}, []),
        ({"first_part": 0.25}, [20_600]),
        ({"from_part": 0.25}, []),
        ({"from_part": 0.1, "to_part": 0.2}, [20_600]),
        ({"last_part": 0.5}, []),
    ],
)
def test_times_are_of_the_first_word(within: dict[str, float], starts: list[int]) -> None:
    found = judged(CALL, {"words": ["sorry"], "within": within})
    assert [hit.start_ms for hit in found.hits] == starts


def test_not_said_in_the_first_seconds() -> None:
    absent = {"not": {"words": ["sorry"], "role": "agent", "within": {"first_sec": 20}}}
    (hit,) = judged(CALL, absent).hits
    assert (hit.kind, hit.start_ms, hit.end_ms, hit.role) == ("not", 0, 20_000, "agent")
    later = {"not": {"words": ["sorry"], "role": "agent", "within": {"first_sec": 30}}}
    assert judged(CALL, later).holds is False


def test_what_was_not_transcribed_is_not_absent() -> None:
    unknown = call(turn(0, "agent", 0, "hello"), turn(1, "agent", 30_000, "", transcribed=False))
    absent: dict[str, Any] = {"not": {"words": ["sorry"], "role": "agent"}}
    assert judged(unknown, absent)[:1] == (None,)
    assert judged(unknown, absent).why == "not_transcribed"
    early = {"not": {"words": ["sorry"], "role": "agent", "within": {"first_sec": 20}}}
    assert judged(unknown, early).holds, "all of that part was transcribed"
    assert judged(unknown, {"words": ["hello"]}).holds, "what was found is there all the same"
    assert judged({**CALL, "releases": {}}, {"not": {"words": ["zebra"]}}).holds is None
    assert judged(call(), {"not": {"words": ["zebra"]}}).holds, "a call without speech"


def test_conditions_nest_in_three_valued_logic() -> None:
    yes, no = {"words": ["sorry"]}, {"words": ["zebra"]}
    unknown = {"topic": ["billing"]}
    table = {
        True: [{"any": [unknown, yes]}, {"all": [yes, {"not": no}]}, {"not": {"not": yes}}],
        False: [{"all": [unknown, no]}, {"any": [no, no]}, {"not": {"any": [unknown, yes]}}],
        None: [{"all": [unknown, yes]}, {"any": [unknown, no]}, {"not": unknown}],
    }
    for holds, conditions in table.items():
        assert [judged(CALL, each).holds for each in conditions] == [holds] * 3
    found = judged(CALL, {"any": [no, {"all": [yes, {"words": ["cancel"]}]}]})
    assert [hit.condition for hit in found.hits] == [
        "any.1.all.0.words",
        *["any.1.all.1.words"] * 2,
    ]


def test_expressions_find_text_and_do_not_store_it() -> None:
    card = call(turn(0, "customer", 5_000, "it is 4111 1111 thanks"))
    (hit,) = judged(card, {"regex": r"\d{4} \d{4}"}).hits
    assert (hit.first_word, hit.last_word, hit.value) == (2, 3, {"confidence": 0.9})
    marks = judged(card, {"regex": "[ ]"}), judged(CALL, {"regex": r"\.$"})
    assert [(hit.first_word, hit.last_word) for each in marks for hit in each.hits] == [
        *((n, n) for n in range(1, 5)),
        (4, 4),
    ]
    assert judged(CALL, {"regex": "ANNA"}).holds
    assert judged(CALL, {"regex": "ANNA", "case_sensitive": True}).holds is False


def test_confidence_of_the_words() -> None:
    assert judged(CALL, {"words": ["sorry"], "min_confidence": 0.9}).holds
    assert judged(CALL, {"words": ["sorry"], "min_confidence": 0.95}).holds is False


def test_corrected_text_has_the_times_of_its_turn() -> None:
    corrected = call({**turn(0, "agent", 1_000, "one two"), "text": "I am sorry"})
    (hit,) = judged(corrected, {"words": ["sorry"]}).hits
    assert (hit.first_word, hit.start_ms, hit.end_ms) == (None, 1_000, 1_500)


def test_labels_of_turns() -> None:
    angry = {"label": "angry", "confidence": 0.7}
    report = call(
        turn(0, "agent", 0, "a", emotion={**angry, "label": "happy"}),
        turn(1, "customer", 90_000, "b", emotion=angry, text_sentiment={"label": "negative"}),
        turn(2, "customer", 95_000, "c", emotion=None, sentiment=None),
    )
    (hit,) = judged(report, {"emotion": ["angry", "sad"], "role": "customer"}).hits
    assert (hit.turn, hit.value) == ("t1", angry)
    assert judged(report, {"emotion": ["angry"], "within": {"first_part": 0.5}}).holds is False
    assert judged(report, {"emotion": ["angry"], "min_confidence": 0.8}).holds is False
    assert judged(report, {"sentiment": ["negative"], "of": "text"}).holds
    assert judged(report, {"sentiment": ["negative"]}).why == "not_scored"
    assert judged(report, {"not": {"sentiment": ["negative"], "of": "fusion"}}).holds is None


CONVERSATION = {
    "source": "channel",
    "total": {"silence_ms": 14_000, "hold_music_ms": None, "response_gap": {"median_ms": 700}},
    "participants": [{"role": "agent", "interruptions": 2, "words_per_minute": {"value": None}}],
    "quiet": [
        {"kind": "silence", "start_ms": 30_000, "end_ms": 40_000},
        {"kind": "silence", "start_ms": 50_000, "end_ms": 54_000},
    ],
    "overlaps": [
        {"kind": "interruption", "by": "agent", "of": "customer", "start_ms": 1, "end_ms": 801},
        {"kind": "back_channel", "by": "customer", "of": "agent", "start_ms": 60_000,
         "end_ms": 60_400},
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("when", "holds"),
    [
        ({"silence": {"each_sec": 10}}, True),
        ({"silence": {"each_sec": 10.1}}, False),
        ({"silence": {"total_sec": 14}}, True),
        ({"silence": {"each_sec": 5, "total_sec": 14}}, False),
        ({"silence": {"of_call": 0.11}}, True),
        ({"silence": {"of_call": 0.12}}, False),
        ({"silence": {}, "count": 2}, True),
        ({"silence": {"each_sec": 4}, "within": {"first_sec": 30}}, False),
        ({"silence": {"total_sec": 5}, "within": {"first_sec": 35}}, True),  # 5 s are in that part
        ({"hold_music": {}}, None),  # neither scene nor noise answered
        ({"overtalk": {"each_sec": 0.4}, "count": 2}, True),
        ({"overtalk": {}, "role": "customer", "count": 2}, False),
        ({"interruptions": {}, "role": "agent"}, True),
        ({"interruptions": {}, "role": "customer"}, False),
        ({"figure": "silence_ms", "at_least": 14_000}, True),
        ({"figure": "silence_ms", "at_most": 13_999}, False),
        ({"figure": "response_gap_ms", "at_least": 600, "at_most": 700}, True),
        ({"figure": "interruptions", "role": "agent", "at_least": 2}, True),
        ({"figure": "words_per_minute", "role": "agent", "at_most": 100}, None),
        ({"figure": "interruptions", "role": "customer", "at_least": 2}, None),
    ],
)
def test_figures_of_the_conversation(when: dict[str, Any], holds: bool | None) -> None:
    assert judged(call(conversation=CONVERSATION), when).holds is holds
    assert judged(call(conversation=None), when).holds is None
    assert judged(call(), when).holds is None


def test_speakers_that_are_not_separated_do_not_interrupt() -> None:
    mixed = call(conversation={**CONVERSATION, "source": "mixed", "overlaps": []})
    assert judged(mixed, {"not": {"interruptions": {}}}).holds is None
    assert judged(mixed, {"silence": {"each_sec": 10}}).holds


def test_sounds_alarms_and_topics() -> None:
    bell = {"label": "bell", "start_ms": 0, "end_ms": 900, "confidence": 0.8}
    fire = {"label": "fire_alarm", "start_ms": 5_000, "end_ms": 9_000, "confidence": 0.9}
    report = call(sounds=[bell], emergencies=[fire])
    assert judged(report, {"sound": ["bell"]}).holds
    assert judged(report, {"sound": ["fire_alarm"], "within": {"from_sec": 9}}).holds is False
    assert judged({**report, "releases": {}, "sounds": [], "emergencies": []},
                  {"not": {"sound": ["bell"]}}).holds is None  # fmt: skip
    mention = {"turn": "t0", "role": "customer", "start_ms": 1_000, "end_ms": 2_000}
    topics = {"topics": [{"id": "billing", "label": "Billing", "mentions": [mention]}]}
    (hit,) = judged(call(topics=topics), {"topic": ["billing"]}).hits
    assert (hit.turn, hit.start_ms, hit.end_ms) == ("t0", 1_000, 2_000)
    assert judged(call(topics=topics), {"topic": ["refund"]}).holds is False


def test_hits_of_a_long_call_are_counted_and_the_first_are_kept() -> None:
    report = call(*(turn(n, "agent", 2_000 * n, "no no no no") for n in reversed(range(60))))
    found = judged(report, {"words": ["no"]})
    assert found.total == 240
    assert [hit.turn for hit in found.hits] == [f"t{n // 4}" for n in range(MOST_HITS)]
