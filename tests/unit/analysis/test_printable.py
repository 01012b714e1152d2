"""Names and reasons from outside: what could move a cursor or forge a line is escaped, every
language stays as it is."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earshot.analysis.errors import Permanent
from earshot.analysis.printable import MOST_CHARACTERS, UNSHOWABLE, on_one_line, printable

READABLE = [
    "Anruf 7.wav",
    "مكالمة.wav",
    "شیرینی‌فروشی",
    "通话录音.wav",
    "היי.ogg",
    "👩‍👩‍👧 café.mp3",
    "हिन्दी",
    "a\\b [bold]",
]


@pytest.mark.parametrize("name", READABLE)
def test_readable_names_stay(name: str) -> None:
    assert printable(name) == name


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("a\x1b[31mb", "a\\u001b[31mb"),
        ("a\rb\nc\td", "a\\u000db\\u000ac\\u0009d"),
        ("a\x9bb\x7f\x00", "a\\u009bb\\u007f\\u0000"),
        ("a\u202egnp.wav", "a\\u202egnp.wav"),
        ("a\u2028b\u2029c\u2066d\u061c", "a\\u2028b\\u2029c\\u2066d\\u061c"),
        (b"caf\xe9.wav".decode(errors="surrogateescape"), "caf\\udce9.wav"),
    ],
)
def test_what_a_terminal_obeys_is_escaped(name: str, shown: str) -> None:
    assert printable(name) == shown


@given(st.text(st.characters(codec=None)), st.integers(min_value=10, max_value=600))
def test_a_reason_is_one_bounded_line(text: str, most: int) -> None:
    line = on_one_line(text, most)
    assert len(line) <= most
    assert not UNSHOWABLE.search(line)
    line.encode()


@given(st.text())
def test_escaped_json_is_the_same_json(text: str) -> None:
    assert json.loads(printable(json.dumps({"file": text}, ensure_ascii=False))) == {"file": text}


def test_a_long_reason_keeps_its_beginning_and_its_advice() -> None:
    error = Permanent("analyses", f"no analysis named {'x' * 5_000_000}; there are asr, scene")
    assert len(str(error)) == MOST_CHARACTERS
    assert str(error).startswith("no analysis named xxx")
    assert str(error).endswith("xxx; there are asr, scene")
