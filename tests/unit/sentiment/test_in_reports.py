"""Sentiment of words in a report: by turn, by speaker, fused with the voice, and after
corrections."""

import pytest

from cli.terminal.console import show
from cli.terminal.show import rendered
from earshot.analysis.report.report import Report, build_report
from earshot.analysis.text_sentiment.findings import digest_of
from earshot.exports.table import row
from tests.sounds.call_parts import recording
from tests.unit.corrections.book import Book
from tests.unit.sentiment.calls import MODELS, call, of_transcript, parts, scored


def words_of(report: Report) -> dict[str, tuple[str, str | None, str | None]]:
    found = {}
    for turn in report.turns:
        if turn.text and turn.text_sentiment:
            text = turn.text_sentiment
            found[turn.text] = (text.status, text.reason, text.label)
    return found


def test_each_turn_has_its_score_or_the_reason() -> None:
    assert words_of(call()) == {
        "good morning": ("scored", None, "neutral"),
        "it is broken again": ("scored", None, "negative"),
        "let me see": ("not_scored", "too_short", None),
        "thank you so much": ("scored", None, "positive"),
    }


def test_speakers_have_all_quarters_first_and_last() -> None:
    report = call()
    assert report.text_sentiment is not None
    by_role = {each.role: each for each in report.text_sentiment.speakers}
    customer = by_role["customer"]
    assert [each.label for each in customer.quarters] == ["negative", None, None, "positive"]
    assert customer.quarters[1].reason == "no_words"
    assert (customer.first.label, customer.last.label) == ("negative", "positive")
    assert (customer.turns, customer.overall.words) == (2, 8)
    assert customer.overall.scores == pytest.approx(
        {"negative": 0.4, "neutral": 0.15, "positive": 0.45}
    )
    assert by_role["agent"].not_scored["too_short"] == 1


def test_voice_and_words_are_fused_and_contradictions_counted() -> None:
    report = call()
    assert report.fusion is not None
    by_role = {each.role: each for each in report.fusion.speakers}
    last = by_role["customer"].last
    assert (last.basis, last.opposed) == ("both", True)
    assert last.scores == pytest.approx({"negative": 0.28, "neutral": 0.24, "positive": 0.48})
    assert by_role["customer"].opposed_turns == 1
    assert by_role["agent"].last.basis == "voice"
    assert by_role["agent"].overall.basis == "both"


def test_words_newer_than_the_scores_are_not_scored() -> None:
    asked = recording(analyses=("asr", "sentiment", "text_sentiment"))
    before = build_report(asked, parts())
    assert before.text_sentiment is None
    assert {turn.fusion for turn in before.turns} == {None}
    found = scored(before.turns, MODELS)
    other = digest_of("what the recogniser wrote before")
    turns = tuple(each.model_copy(update={"digest": other}) for each in found.turns)
    old = of_transcript(found.model_copy(update={"turns": turns}))
    report = build_report(asked, [*parts(), old])
    assert {reason for _, reason, _ in words_of(report).values()} == {"outdated"}
    assert {turn.fusion.basis for turn in report.turns if turn.fusion and turn.text} == {"voice"}


def test_the_row_of_the_table_has_both_roles() -> None:
    found = row(call())
    assert (found["client_text_sentiment"], found["agent_text_sentiment"]) == (
        "positive",
        "neutral",
    )
    assert found["client_text_confidence"] == 0.45
    assert "agent_fusion_sentiment" in found
    assert "client_fusion_probabilities" not in found


def test_the_terminal_shows_a_line_a_speaker(capsys: pytest.CaptureFixture[str]) -> None:
    show(rendered(call()))
    printed = capsys.readouterr().out
    assert "Sentiment of the words" in printed
    assert "opposed in 1" in printed


def test_corrected_words_do_not_keep_the_score_of_the_old_ones() -> None:
    report = call()
    book = Book(report)
    last = next(turn.id for turn in report.turns if turn.text == "thank you so much")
    book.correct(kind="text", turn=book.turn(last), text="that is no use to me")
    after = book.report
    assert words_of(after)["that is no use to me"] == ("not_scored", "corrected", None)
    assert after.text_sentiment is not None
    assert after.fusion is not None
    customer = next(each for each in after.text_sentiment.speakers if each.role == "customer")
    assert (customer.last.status, customer.last.reason) == ("not_scored", "corrected")
    assert (customer.overall.label, customer.not_scored["corrected"]) == ("negative", 1)
    fused = next(each for each in after.fusion.speakers if each.role == "customer")
    assert (fused.last.basis, fused.opposed_turns) == ("voice", 0)


def swapped(report: Report) -> Report:
    book = Book(report)
    book.correct(kind="roles", roles=("customer", "agent"))
    return book.report


def test_swapped_roles_move_the_answers_with_one_model_and_drop_those_of_the_other() -> None:
    same = swapped(call({"": "base"}))
    assert same.text_sentiment is not None
    agent = next(each for each in same.text_sentiment.speakers if each.role == "agent")
    assert (agent.first.label, agent.last.label) == ("negative", "positive")
    assert row(same)["agent_text_sentiment"] == "positive"
    other = swapped(call())
    assert {each[1] for each in words_of(other).values()} == {"other_role", "too_short"}
    assert "agent_text_sentiment" not in row(other)
    assert row(other)["agent_fusion_sentiment"]
