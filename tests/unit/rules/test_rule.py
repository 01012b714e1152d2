"""Rules as they are written, and what is refused."""

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earshot.analysis.errors import Misconfigured
from earshot.analysis.rules.folding import (
    can_be_in,
    folded,
    letters,
    phrase,
    places,
    word_ends,
    words_at,
)
from earshot.analysis.rules.rule import Rule, read
from tests.unit.rules.calls import call, judged, turn

YAML = b"""
description: Cancels, and nothing is offered.
when:
  all:
    - words: [cancel, "r\xc3\xa9silier"]
      role: customer
    - not: {words: [offer], within: {last_part: 0.25}}
"""


def test_yaml_and_json_are_the_same_rule() -> None:
    rule = read("rules/cancellation.yaml", YAML)
    assert rule.name == "cancellation"
    assert read("x.json", json.dumps(rule.stored()).encode()) == rule
    assert rule.stored()["when"]["all"][1] == {
        "not": {"words": ["offer"], "within": {"last_part": 0.25}}
    }


def nested(depth: int) -> dict[str, Any]:
    return {"words": ["a"]} if depth == 0 else {"not": nested(depth - 1)}


@pytest.mark.parametrize(
    ("when", "says"),
    [
        ({"word": ["a"]}, "exactly one of the fields words, regex"),
        ({"words": ["a"], "regex": "b"}, "exactly one of the fields"),
        ({"words": ["a"], "rolle": "agent"}, "words.rolle: Extra inputs"),
        ({"words": []}, "words.words: Tuple should have at least 1 item"),
        ({"words": ["..."]}, "has no letter or digit"),
        ({"words": ["a"], "within": {"first_sec": 3, "last_sec": 3}}, "name one of first_sec"),
        ({"words": ["a"], "within": {"from_sec": 3, "to_sec": 3}}, "is empty"),
        ({"words": ["a"], "within": {"last_part": 25}}, "less than or equal to 1"),
        ({"regex": "a*"}, "matches the empty text, and thereby every text"),
        ({"regex": "("}, "no regular expression of RE2: missing )"),
        ({"regex": r"(a)\1"}, "no regular expression of RE2: invalid escape sequence"),
        ({"regex": "((a{1,100}){1,100}){1,100}"}, "no regular expression of RE2: "),
        ({"figure": "silence_ms"}, "name at_least, at_most, or both"),
        ({"all": [{"not": {"words": [""]}}]}, "when.all.all.0.not.not.words.words.0: "),
        (nested(8), "nested deeper than 8"),
        ({"all": [{"any": [{"words": ["a"]}] * 50}] * 3}, "has 154 conditions"),
    ],
)
def test_a_mistake_is_named_with_its_place(when: dict[str, Any], says: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        read("r.json", json.dumps({"when": when}).encode())
    assert says in str(caught.value)


@pytest.mark.parametrize(
    "data", [b"{", b"[1]", b"a: &a [1]\nb: *a", b"when: \xff", b"[" * 60_000, b"x" * 70_000]
)
def test_what_is_no_rule_is_refused(data: bytes) -> None:
    with pytest.raises(Misconfigured):
        read("r.yaml", data)


@pytest.mark.parametrize("pattern", ["(a+)+$", "(x+x+)+y", "(a|aa)+$", "(.*a){20}b"])
def test_no_expression_backtracks(pattern: str) -> None:
    """With Python's own engine each of these needs more than a lifetime."""
    report = call(turn(0, "agent", 0, "a" * 5_000 + "x" * 5_000 + "!"))
    before = time.process_time()
    judged(report, {"regex": pattern})
    assert time.process_time() - before < 1


SCRIPTS = st.text(
    st.one_of(
        st.characters(codec="utf-8", exclude_categories=["Cs"]),
        st.sampled_from("éàœßİıﬁｶ한漢字كَتَبَनमस्ते \n'-"),
    ),
    max_size=40,
)


@given(SCRIPTS, SCRIPTS)
def test_folding_keeps_the_order_of_letters(a: str, b: str) -> None:
    assert letters(a + b) == letters(a) + letters(b)
    assert letters(a) == len(folded(a).replace(" ", ""))
    assert folded(a.upper().lower()) == folded(a.upper())


@given(st.lists(SCRIPTS, min_size=1, max_size=8), st.data())
def test_a_phrase_is_found_where_it_is(words: list[str], data: st.DataObject) -> None:
    first = data.draw(st.integers(0, len(words) - 1))
    last = data.draw(st.integers(first, len(words) - 1))
    text, part = " ".join(words), " ".join(words[first : last + 1])
    if not folded(part).strip():
        return
    place = (letters(" ".join(words[:first])), letters(" ".join(words[: last + 1])))
    # Occurrences do not overlap: of "0 0" in "0 0 0" the first is one.
    assert any(start <= place[0] < end for start, end in places(folded(text), phrase(part)))
    assert can_be_in(text, phrase(part))
    found = words_at(word_ends(words), letters(text), place)
    assert found is not None
    assert first <= found[0] <= found[1] <= last


def test_scripts_without_spaces_have_no_borders() -> None:
    report = call(turn(0, "agent", 0, "我要取消合同"))
    assert judged(report, {"words": ["取消"]}).holds
    assert judged(call(turn(0, "agent", 0, "नमस्ते")), {"words": ["नमस"]}).holds is False
    assert judged(call(turn(0, "agent", 0, "كَتَبَ الآن")), {"words": ["كتب الان"]}).holds


def test_a_rule_is_what_it_was_when_it_is_read_back() -> None:
    rule = read("r.yaml", YAML)
    assert Rule.model_validate(rule.stored()) == rule
