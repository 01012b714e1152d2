"""Subtitles are read back by strict readers, and can be read by people."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earshot.analysis.report.sections import SpokenWord, Turn
from earshot.analysis.words.spelling import joined
from earshot.exports.cues import LINE, LINES, LONGEST_MS, PAUSE_MS, SHORTEST_MS, Cue, cues
from earshot.exports.subtitles import srt, vtt
from tests.subtitles import Shown, read_srt, read_vtt


def turn(said: list[tuple[str, int, int]], speaker: str = "s0", index: int = 0) -> Turn:
    words = tuple(
        SpokenWord(text=text, start_ms=start, end_ms=end, confidence=0.5)
        for text, start, end in said
    )
    return Turn(
        start_ms=min(word.start_ms for word in words),
        end_ms=max(word.end_ms for word in words),
        channel=0,
        id=f"t{index}",
        speaker=speaker,
        role=None,
        text=joined(word.text for word in words),
        transcribed=True,
        words=words,
        confidence=0.5,
        emotion=None,
        sentiment=None,
    )


def paced(text: str, first_ms: int = 0, each_ms: int = 300) -> list[tuple[str, int, int]]:
    return [
        (word, first_ms + n * each_ms, first_ms + (n + 1) * each_ms)
        for n, word in enumerate(text.split())
    ]


def test_a_short_turn_is_one_cue() -> None:
    found = cues([turn([("good", 480, 800), ("morning", 900, 2160)])], {"s0": "agent"})
    assert found == [Cue(480, 2160, ("good morning",), "agent")]
    assert srt(found) == "1\n00:00:00,480 --> 00:00:02,160\ngood morning\n"
    assert vtt(found) == "WEBVTT\n\n00:00:00.480 --> 00:00:02.160\n<v agent>good morning\n"


def test_nothing_said_is_an_empty_file() -> None:
    assert (srt([]), vtt([])) == ("", "WEBVTT\n")
    assert (read_srt(""), read_vtt("WEBVTT\n")) == ([], [])


def test_a_cue_ends_with_a_sentence_and_at_a_pause() -> None:
    sentence = "I can see the package is in the wrong city."
    rest = "It will be brought to you tomorrow between nine and five"
    assert [" ".join(cue.lines) for cue in cues([turn(paced(f"{sentence} {rest}"))], {})] == [
        sentence,
        rest,
    ]
    before, after = paced("one two"), paced("three four", 600 + PAUSE_MS)
    assert [cue.lines for cue in cues([turn(before + after)], {})] == [
        ("one two",),
        ("three four",),
    ]
    nearer = paced("three four", 599 + PAUSE_MS)
    assert [cue.lines for cue in cues([turn(before + nearer)], {})] == [("one two three four",)]


def test_long_and_short_words_are_shown_for_a_bearable_time() -> None:
    long_, short = cues([turn([("well", 0, 60_000)]), turn([("yes", 70_000, 70_000)])], {})
    assert (long_.start_ms, long_.end_ms) == (0, LONGEST_MS)
    assert (short.start_ms, short.end_ms) == (70_000, 70_000 + SHORTEST_MS)
    hurried = cues([turn([("yes", 0, 0)]), turn([("no", 400, 500)], "s1")], {})
    assert [(cue.start_ms, cue.end_ms) for cue in hurried] == [(0, 400), (400, 1400)]


def test_scripts_without_spaces_are_cut_too() -> None:
    said = [("語", n * 100, n * 100 + 100) for n in range(100)]
    found = cues([turn(said)], {})
    assert "".join("".join(cue.lines) for cue in found) == "語" * 100
    assert max(len(line) for cue in found for line in cue.lines) == LINE


@pytest.mark.parametrize("text", ["a<b>&amp;", "-->", "<v eve>", "&", "x & y --> z"])
def test_marks_of_the_formats_are_escaped(text: str) -> None:
    found = cues([turn([(text, 0, 1000)])], {"s0": "R&D <a>\nb"})
    assert read_vtt(vtt(found)) == [Shown(0, 1000, (text,), "R&D <a> b")]
    assert read_srt(srt(found)) == [Shown(0, 1000, (text.replace("-->", "->"),))]


@pytest.mark.parametrize(
    ("ms", "shown"), [(3_599_999, "00:59:59.999"), (360_000_000, "100:00:00.000")]
)
def test_times_have_as_many_hours_as_it_takes(ms: int, shown: str) -> None:
    assert f"{shown} --> " in vtt([Cue(ms, ms + 1, ("x",), None)])
    assert read_srt(srt([Cue(ms, ms + 1, ("x",), None)])) == [Shown(ms, ms + 1, ("x",))]


WORD = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=LINE).filter(
    lambda text: "-->" not in text
)
GAPS = st.tuples(WORD, st.integers(0, 3000), st.integers(0, 9000))


@given(st.lists(st.lists(GAPS, min_size=1, max_size=40), max_size=5))
def test_every_word_is_shown_once_in_cues_that_can_be_read(
    spoken: list[list[tuple[str, int, int]]],
) -> None:
    turns, at = [], 0
    for index, words in enumerate(spoken):
        said = []
        for text, gap, lasts in words:
            said.append((text, at + gap, at + gap + lasts))
            at += gap + lasts
        turns.append(turn(said, f"s{index % 2}", index))
    found = cues(turns, {"s0": "A"})
    assert found == sorted(found, key=lambda cue: cue.start_ms)
    starts = {word.start_ms for each in turns for word in each.words}
    for cue in found:
        assert cue.start_ms in starts
        assert len(cue.lines) <= LINES
        assert all(len(line) <= LINE for line in cue.lines)
        assert 0 < cue.end_ms - cue.start_ms <= LONGEST_MS
    bare = "".join("".join(cue.lines) for cue in found).replace(" ", "")
    assert bare == "".join(word.text for each in turns for word in each.words)
    shown = [Shown(*cue) for cue in found]
    assert read_vtt(vtt(found)) == shown
    assert read_srt(srt(found)) == [cue._replace(speaker=None) for cue in shown]
