"""Words are assigned to speakers and turns, and speech without words is kept."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earshot.analysis.findings import SpeakerTurn, Word
from earshot.analysis.report.align import TURN_GAP_MS, take_floor, turns_without_diarization
from earshot.analysis.types import Utterance


def word(text: str, start: int, end: int, channel: int = 0) -> Word:
    return Word(text=text, start_ms=start, end_ms=end, channel=channel, confidence=0.9)


def turn(speaker: str, start: int, end: int, channel: int = 0) -> SpeakerTurn:
    return SpeakerTurn(speaker=speaker, start_ms=start, end_ms=end, channel=channel)


def said(words: list[Word], heard: list[SpeakerTurn]) -> list[tuple[str, str]]:
    return [
        (floor.speaker, " ".join(w.text for w in floor.words)) for floor in take_floor(words, heard)
    ]


def test_a_word_goes_to_the_speaker_of_greatest_overlap() -> None:
    heard = [turn("s0", 0, 1_000), turn("s1", 1_000, 3_000)]
    words = [word("hello", 100, 800), word("yes", 900, 1_400), word("there", 1_500, 2_000)]
    assert said(words, heard) == [("s0", "hello"), ("s1", "yes there")]


def test_only_the_channel_of_the_word_counts() -> None:
    heard = [turn("s0", 0, 5_000, channel=0), turn("s1", 4_000, 5_000, channel=1)]
    assert ("s1", "early") in said([word("early", 1_000, 1_500, channel=1)], heard)


def test_a_pause_ends_a_turn() -> None:
    heard = [turn("s0", 0, 10_000)]
    words = [
        word("one", 0, 500),
        word("two", 500 + TURN_GAP_MS - 1, 2_000),
        word("three", 2_000 + TURN_GAP_MS, 3_500),
    ]
    assert said(words, heard)[:2] == [("s0", "one two"), ("s0", "three")]


def test_a_listener_who_speaks_over_a_word_does_not_break_the_turn_of_the_speaker() -> None:
    heard = [turn("s0", 0, 3_000, 0), turn("s1", 800, 1_500, 1)]
    words = [word("so", 0, 900), word("uh-huh", 850, 1_450, 1), word("anyway", 1_000, 3_000)]
    assert said(words, heard) == [("s0", "so anyway"), ("s1", "uh-huh")]


@pytest.mark.parametrize("channel", [0, 1])
def test_short_answers_stand_between_the_questions(channel: int) -> None:
    questions = [word("name", 0, 900), word("street", 1_500, 2_000), word("thanks", 2_600, 3_000)]
    answers = [word("bob", 1_000, 1_400, channel), word("main", 2_100, 2_500, channel)]
    heard = [turn("s0", w.start_ms, w.end_ms) for w in questions]
    heard += [turn("s1", w.start_ms, w.end_ms, channel) for w in answers]
    spoken = [("s0", "name"), ("s1", "bob"), ("s0", "street"), ("s1", "main"), ("s0", "thanks")]
    assert said([*answers, *questions], heard) == spoken


def test_speech_without_words_is_a_turn_without_text() -> None:
    heard = [turn("s0", 0, 2_000), turn("s1", 3_000, 4_000), turn("s1", 4_500, 6_000)]
    floors = take_floor([word("hello", 100, 1_900)], heard)
    assert [(f.speaker, f.span.start_ms, f.span.end_ms, len(f.words)) for f in floors] == [
        ("s0", 0 + 100, 1_900, 1),
        ("s1", 3_000, 6_000, 0),
    ]


def test_a_long_stretch_that_was_not_transcribed_shows() -> None:
    floors = take_floor([word("hello", 0, 1_000)], [turn("s0", 0, 9_000)])
    assert [(f.span.start_ms, f.span.end_ms, len(f.words)) for f in floors] == [
        (0, 1_000, 1),
        (1_000, 9_000, 0),
    ]


def test_speech_without_words_does_not_reach_over_what_was_said() -> None:
    floors = take_floor([word("good", 5_000, 5_700)], [turn("s0", 0, 10_000)])
    assert [(f.span.start_ms, f.span.end_ms, len(f.words)) for f in floors] == [
        (0, 5_000, 0),
        (5_000, 5_700, 1),
        (5_700, 10_000, 0),
    ]
    heard = [turn("s0", 0, 1_000), turn("s1", 1_100, 1_500), turn("s0", 1_600, 2_000)]
    assert [(f.speaker, f.span.start_ms) for f in take_floor([], heard)] == [
        ("s0", 0),
        ("s1", 1_100),
        ("s0", 1_600),
    ]


def test_speakers_without_diarization() -> None:
    speech = [
        Utterance(start_ms=500, end_ms=900, channel=1),
        Utterance(start_ms=0, end_ms=400, channel=0),
    ]
    assert [(t.speaker, t.channel) for t in turns_without_diarization(speech)] == [
        ("s0", 0),
        ("s1", 1),
    ]


spans = st.tuples(st.integers(0, 60_000), st.integers(1, 4_000), st.integers(0, 1))


@given(
    words=st.lists(spans.map(lambda s: word("w", s[0], s[0] + s[1], s[2])), max_size=30),
    heard=st.lists(
        st.tuples(spans, st.integers(0, 3)).map(
            lambda s: turn(f"s{s[1]}", s[0][0], sum(s[0][:2]), s[0][2])
        ),
        max_size=15,
    ),
)
def test_every_word_is_in_exactly_one_turn_and_turns_are_in_order(
    words: list[Word], heard: list[SpeakerTurn]
) -> None:
    floors = take_floor(words, heard)
    key = lambda w: (w.start_ms, w.end_ms, w.channel)  # noqa: E731
    assert sorted((w for f in floors for w in f.words), key=key) == sorted(words, key=key)
    assert [f.span.start_ms for f in floors] == sorted(f.span.start_ms for f in floors)
    assert all(w.channel == f.span.channel for f in floors for w in f.words)
    assert {f.speaker for f in floors} <= ({t.speaker for t in heard} or {"s0"})


@given(
    talk=st.lists(
        st.tuples(st.integers(1, 1_500), st.integers(1, 900), st.integers(0, 2)), max_size=40
    ),
    stereo=st.booleans(),
)
def test_read_from_top_to_bottom_the_turns_are_the_words_as_they_were_spoken(
    talk: list[tuple[int, int, int]], stereo: bool
) -> None:
    now, heard, words = 0, [], []
    for pause, length, speaker in talk:
        channel = speaker if stereo else 0
        words.append(word(f"w{len(words)}", now + pause, now + pause + length, channel))
        heard.append(turn(f"s{speaker}", now + pause, now + pause + length, channel))
        now += pause + length
    floors = take_floor(words, heard)
    assert [w for floor in floors for w in floor.words] == words
    assert all(
        a.speaker != b.speaker or b.span.start_ms - a.span.end_ms >= TURN_GAP_MS
        for a, b in pairwise(floors)
    )


@given(
    words=st.lists(
        st.tuples(st.integers(0, 9_000), st.integers(1, 900), st.integers(0, 1)), max_size=30
    ).map(
        lambda items: [
            word(f"w{i}", start, start + length, channel)
            for i, (start, length, channel) in enumerate(items)
        ]
    )
)
def test_no_turn_goes_on_after_another_speaker_said_a_whole_word(words: list[Word]) -> None:
    heard = [turn("s0", 0, 10_000, 0), turn("s1", 0, 10_000, 1)]
    for floor in take_floor(words, heard):
        for a, b in pairwise(floor.words):
            assert not [
                w
                for w in words
                if w.channel != floor.span.channel
                and a.end_ms <= w.start_ms
                and w.end_ms <= b.start_ms
            ]
