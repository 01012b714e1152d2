"""Corrections rewrite the figures of the conversation."""

from earshot.analysis.figures.definitions import LATE_MS
from earshot.analysis.figures.sections import Conversation
from earshot.analysis.report.report import Report, build_report
from earshot.analysis.types import PAD_MS
from tests.sounds.call_parts import part, parts, recording, words
from tests.unit.corrections.book import Book, mono, stereo

T0_MS = 2_000 - PAD_MS + LATE_MS
"""Speech of the first turn, which begins with the VAD's speech and so with its padding."""


def figures(report: Report) -> Conversation:
    assert report.conversation is not None
    return report.conversation


def talk(report: Report) -> dict[str, int]:
    return {each.name: each.talk_ms for each in figures(report).participants}


def test_a_swap_of_roles_rewrites_every_figure_of_a_role() -> None:
    book = Book(stereo())
    before = talk(book.answer)
    book.correct(kind="roles", roles=("customer", "agent"))
    assert talk(book.report) == {"customer": before["agent"], "agent": before["customer"]}
    then, now = figures(book.answer), figures(book.report)
    by_speaker = {each.speakers: each for each in now.participants}
    for each in then.participants:
        swapped = by_speaker[each.speakers].model_dump(exclude={"name", "role"})
        assert swapped == each.model_dump(exclude={"name", "role"})
    assert now.total == then.total


def test_a_turn_takes_its_speech_along() -> None:
    book = Book(mono())
    assert talk(book.answer) == {"s0": 2_000 + T0_MS, "s1": 6_000}
    book.correct(kind="speaker", turn=book.turn("t0"), speaker="s1")
    assert talk(book.report) == {"s0": 2_000, "s1": 6_000 + T0_MS}
    made = book.correct(kind="speaker", turn=book.turn("t3"), speaker="new")
    assert talk(book.report) == {"s0": 2_000, "s1": 2_000 + T0_MS, "s2": 4_000}
    book.undo(made)
    assert talk(book.report) == {"s0": 2_000, "s1": 6_000 + T0_MS}


def test_merged_speakers_are_one_participant() -> None:
    book = Book(mono())
    book.correct(kind="merge", speaker="s1", into="s0")
    assert talk(book.report) == {"s0": 8_000 + T0_MS}
    assert figures(book.report).total.response_gap.n == 0


def test_other_boundaries_are_speech_between_them() -> None:
    book = Book(mono())
    book.correct(kind="boundaries", turn=book.turn("t0"), start_ms=500, end_ms=3_200)
    assert talk(book.report) == {"s0": 4_700, "s1": 6_000}
    assert figures(book.report).participants[0].first_speech_ms == 500


def test_words_of_people_count() -> None:
    book = Book(mono())
    book.correct(kind="text", turn=book.turn("t0"), text="good morning to you all there")
    before, now = (
        figures(each).participants[0].words_per_minute for each in (book.answer, book.report)
    )
    assert (before.words, now.words) == (5, 9)


def test_noise_that_is_music_becomes_hold_music() -> None:
    book = Book(build_report(recording(), [each for each in parts() if each.analysis != "scene"]))
    assert figures(book.answer).total.hold_music_ms == 0
    book.correct(kind="noise", start_ms=36_000, end_ms=40_000, label="music_bass")
    assert figures(book.report).total.hold_music_ms == 4_000
    both = Book(stereo())
    both.correct(kind="scene", start_ms=36_000, end_ms=40_000, label="noise")
    assert (figures(both.answer).total.hold_music_ms, figures(both.report).total.hold_music_ms) == (
        4_000,
        0,
    )


def test_a_corrected_voice_shifts_the_sentiment_of_its_participant() -> None:
    book = Book(stereo())
    book.correct(kind="sentiment", turn=book.turn("t4"), label="positive")
    before, now = (
        figures(each).participants[1].sentiment_shift for each in (book.answer, book.report)
    )
    assert (before.start, now.start) == (-0.9, 1.0)


def test_a_report_of_an_earlier_version_is_read_and_corrected_without_figures() -> None:
    body = mono().model_dump(mode="json", exclude={"conversation"})
    book = Book(Report.model_validate({**body, "schema_version": "1.4"}))
    assert book.answer.conversation is None
    book.correct(kind="text", turn=book.turn("t0"), text="good evening")
    assert (book.report.conversation, book.report.schema_version) == (None, "1.4")


def test_speakers_that_are_not_separated_are_no_participants() -> None:
    report = build_report(
        recording(roles=(), channels=1), [part("asr", 0, words(("hello", 1_000, 0)))]
    )
    found = figures(report)
    assert (found.source, found.participants) == ("mixed", ())
    assert found.total.talk_ms > 25_000
    assert (found.total.turns, found.total.hold_music_ms) == (0, None)
