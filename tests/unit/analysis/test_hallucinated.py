"""Hallucinated text is suppressed with the reason, and spoken text stays."""

from hypothesis import given
from hypothesis import strategies as st

from earshot.analysis.findings import SuppressedText, Word
from earshot.analysis.types import Interval
from earshot.analysis.words.hallucinated import BESIDE_SPEECH_MS, PHRASE_AGAIN, WORD_AGAIN, sift

SPOKEN = (Interval(start_ms=0, end_ms=1_000_000),)


def words(text: str, start_ms: int = 0) -> list[Word]:
    return [
        Word(
            text=word,
            confidence=0.9,
            channel=0,
            start_ms=start_ms + 300 * index,
            end_ms=start_ms + 300 * index + 250,
        )
        for index, word in enumerate(text.split())
    ]


def texts(found: list[Word]) -> str:
    return " ".join(word.text for word in found)


def test_a_loop_is_said_once() -> None:
    said, dropped = sift(
        words("so " + "thank you for watching " * PHRASE_AGAIN + "good bye"), SPOKEN, -0.2, 0.0
    )
    assert texts(said) == "so thank you for watching good bye"
    assert [(item.reason, item.text.split()) for item in dropped] == [
        ("repetition", ["thank", "you", "for", "watching"] * (PHRASE_AGAIN - 1))
    ]
    assert (dropped[0].start_ms, dropped[0].end_ms) == (
        300 * 5,
        300 * (1 + 4 * PHRASE_AGAIN - 1) + 250,
    )


def test_case_and_marks_do_not_hide_a_loop() -> None:
    said, _ = sift(words("Yes, yes. YES yes! yes... Yes"), SPOKEN, None, None)
    assert texts(said) == "Yes,"


def test_people_repeat_themselves() -> None:
    for text in (
        "no " * (WORD_AGAIN - 1),
        "thank you " * (PHRASE_AGAIN - 1),
        "one two one three one two one four one two",
    ):
        said, dropped = sift(words(text), SPOKEN, -0.2, 0.9)
        assert (texts(said), dropped) == (text.strip(), [])


def test_a_loop_inside_a_word() -> None:
    said, dropped = sift(words("哈哈哈 " + "你好" * 12), SPOKEN, None, None)
    assert (texts(said), [item.reason for item in dropped]) == ("哈哈哈", ["repetition"])


def test_unsure_text_is_not_told_as_fact() -> None:
    for no_speech, reason in (
        (0.9, "no_speech"),
        (0.1, "low_probability"),
        (None, "low_probability"),
    ):
        said, dropped = sift(words("it was him"), SPOKEN, -1.3, no_speech)
        assert (said, dropped) == (
            [],
            [SuppressedText(text="it was him", reason=reason, channel=0, start_ms=0, end_ms=850)],
        )


def test_sure_text_stays_whatever_the_no_speech_token_says() -> None:
    assert texts(sift(words("hello there"), SPOKEN, -0.3, 0.95)[0]) == "hello there"


def test_doubtful_text_needs_a_voice() -> None:
    for log_probability, voice, reasons in (
        (-0.5, False, ["no_speech"]),
        (-0.5, True, []),
        (-0.1, False, []),
        (None, False, []),
    ):
        said, dropped = sift(
            words("yeah"), SPOKEN, log_probability, None, lambda voice=voice: voice
        )
        assert ([item.reason for item in dropped], texts(said)) == (
            reasons,
            "" if reasons else "yeah",
        )


def test_words_where_the_vad_heard_none() -> None:
    speech = (Interval(start_ms=10_000, end_ms=12_000),)
    near, far = (
        words("near", 12_000 + BESIDE_SPEECH_MS - 1),
        words("far", 12_000 + BESIDE_SPEECH_MS),
    )
    said, dropped = sift([*near, *far], speech, -0.2, 0.0)
    assert (texts(said), [(item.text, item.reason) for item in dropped]) == (
        "near",
        [("far", "no_speech")],
    )
    unplaced = [far[0].model_copy(update={"timing": "interpolated"})]
    assert sift(unplaced, speech, -0.2, 0.0) == (unplaced, [])


@given(st.lists(st.sampled_from("ab"), max_size=40))
def test_every_word_is_either_said_or_suppressed(heard: list[str]) -> None:
    every = words(" ".join(heard))
    said, dropped = sift(every, SPOKEN, None, None)
    told = sorted(
        [(word.start_ms, word.text) for word in said]
        + [(item.start_ms, item.text) for item in dropped]
    )
    assert " ".join(text for _, text in told) == texts(every)
    assert said[:1] == every[:1]


def test_a_loop_alone_is_no_evidence_of_a_language_in_doubt() -> None:
    loop = "He was very happy. " * PHRASE_AGAIN
    for text in (loop, f"{loop} He was"):
        assert sift(words(text), SPOKEN, None, None, doubted=True)[0] == []
        assert texts(sift(words(text), SPOKEN, None, None)[0])[:18] == "He was very happy."
    said, _ = sift(words(f"Well, {loop}"), SPOKEN, None, None, doubted=True)
    assert texts(said) == "Well, He was very happy."
