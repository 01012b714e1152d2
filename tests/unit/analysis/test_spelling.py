"""Recognised text is spelt in one way, and compared in a coarser one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earshot.analysis.words.spelling import compared, is_word, joined, written


@pytest.mark.parametrize(
    ("heard", "shown"),
    [
        ("  It\N{RIGHT SINGLE QUOTATION MARK}s\n  fine ", "It's fine"),
        ("\N{LATIN SMALL LIGATURE FI}ne", "fine"),
        ("caf\u0065\u0301", "café"),
        ("\u200fمرحبا\u200e", "مرحبا"),
        ("مَرْحَبًا", "مرحبا"),
        ("مـــرحبا", "مرحبا"),
        ("\ufe8e\ufedf", "ال"),
        ("Grüße, ça va?", "Grüße, ça va?"),
        ("می\u200cشود", "می\u200cشود"),
        ("", ""),
    ],
)
def test_as_it_is_shown(heard: str, shown: str) -> None:
    assert written(heard) == shown


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Don\N{RIGHT SINGLE QUOTATION MARK}t!", "don't"),
        ("أحمد", "احمد"),
        ("إلى", "الي"),
        ("مدرسة", "مدرسه"),
        ("ڭاع", "گاع"),
        ("٢٠٢٦", "2026"),
        ("STRASSE", "straße"),
        ("'quoted'", "quoted"),
        ("well-known", "well known"),
    ],
)
def test_as_it_is_compared(one: str, other: str) -> None:
    assert compared(one) == compared(other)


def test_what_differs_in_meaning_stays_apart() -> None:
    assert compared("مدرسة") != compared("مدرس")
    assert compared("côté") != compared("cote")
    assert compared("its") != compared("it's")


def test_what_is_read_aloud_is_a_word() -> None:
    assert all(map(is_word, ("a", "7", "مرحبا", "%", "$", "don't", "3.50")))
    assert not any(
        map(is_word, ("", "...", "-", "\N{EIGHTH NOTE}\N{REPLACEMENT CHARACTER}", '"', "[ ]"))
    )


@given(st.text())
def test_spelling_twice_changes_nothing(text: str) -> None:
    assert written(written(text)) == written(text)
    assert compared(compared(text)) == compared(text)


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["It's", "a", "7,", "no?"], "It's a 7, no?"),
        (["你", "好,", "我", "有", "3", "个"], "你好,我有3个"),
        (["「こん", "にちは」", "カー", "です。"], "「こんにちは」カーです。"),
        (["สวัส", "ดี", "ครับ"], "สวัสดีครับ"),
        (["我", "们", "人", "々"], "我们人々"),
        (["안녕", "하세요"], "안녕 하세요"),
        (["مرحبا", "7", "بك"], "مرحبا 7 بك"),
        (["用", "Open", "AI", "写"], "用 Open AI 写"),
        (["5", "7"], "5 7"),
        (["%", "你"], "% 你"),
        ([], ""),
    ],
)
def test_words_become_a_text(words: list[str], text: str) -> None:
    assert joined(words) == text
