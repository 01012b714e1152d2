"""Words of a corrected text have times: their own, or a share of the time that they replace."""

import pytest

from earshot.analysis.corrections.wording import split, timed
from earshot.analysis.report.sections import SpokenWord
from earshot.analysis.types import Interval
from earshot.analysis.words.spelling import joined

SPAN = Interval(start_ms=1_000, end_ms=5_000)
WORDS = (
    SpokenWord(text="one", start_ms=1_000, end_ms=1_500, confidence=0.5),
    SpokenWord(text="two", start_ms=2_000, end_ms=2_500, confidence=0.6),
    SpokenWord(text="three", start_ms=4_000, end_ms=5_000, confidence=0.7),
)


def places(text: str) -> list[tuple[str, int, int]]:
    return [(each.text, each.start_ms, each.end_ms) for each in timed(text, WORDS, SPAN)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("one two three", [("one", 1_000, 1_500), ("two", 2_000, 2_500), ("three", 4_000, 5_000)]),
        ("one three", [("one", 1_000, 1_500), ("three", 4_000, 5_000)]),
        ("one tea three", [("one", 1_000, 1_500), ("tea", 2_000, 2_500), ("three", 4_000, 5_000)]),
        (
            "one two and a half three",
            [
                ("one", 1_000, 1_500),
                ("two", 2_000, 2_500),
                ("and", 2_500, 3_062),
                ("a", 3_062, 3_250),
                ("half", 3_250, 4_000),
                ("three", 4_000, 5_000),
            ],
        ),
        ("none of it", [("none", 1_000, 3_000), ("of", 3_000, 4_000), ("it", 4_000, 5_000)]),
        ("", []),
    ],
)
def test_times(text: str, expected: list[tuple[str, int, int]]) -> None:
    assert places(text) == expected


def test_other_spelling_of_a_word_keeps_its_time_and_is_sure() -> None:
    first = timed("One, two three", WORDS, SPAN)[0]
    assert (first.text, first.start_ms, first.end_ms, first.confidence) == ("One,", 1_000, 1_500, 1)
    assert timed("one", WORDS, SPAN)[0] is WORDS[0]


def test_words_of_nothing_share_the_turn() -> None:
    made = timed("two words", (), SPAN)
    assert [(each.start_ms, each.end_ms) for each in made] == [(1_000, 2_500), (2_500, 5_000)]


@pytest.mark.parametrize(
    "text", ["你好，世界", "good morning, Ms. Miller", "ขอบคุณ", "私は3人です。"]
)
def test_words_join_to_the_text(text: str) -> None:
    assert joined(split(text)) == text
