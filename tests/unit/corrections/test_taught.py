"""What corrections teach: with merged speakers and moved turns, and not twice."""

from earshot.analysis.corrections.taught import taught
from tests.unit.corrections.book import Book, mono, stereo


def test_a_named_speaker_teaches_voices_by_all_of_its_turns() -> None:
    book = Book(mono())
    book.correct(kind="rename", speaker="s0", name="Ms. Miller")
    turns = [
        (each.start_ms, each.label) for each in taught(book.answer, book.corrections, "voices")[0]
    ]
    assert turns == [(1_000, "Ms. Miller"), (7_000, "Ms. Miller")]
    book.correct(kind="merge", speaker="s1", into="s0")
    found, left = taught(book.answer, book.corrections, "voices")
    assert [each.start_ms for each in found] == [1_000, 4_000, 7_000, 10_000]
    assert not left


def test_an_emotion_is_taught_where_the_turn_is_by_now() -> None:
    book = Book(stereo())
    turn = book.answer.turns[0]
    place = {"channel": turn.channel, "start_ms": turn.start_ms, "end_ms": turn.end_ms}
    book.correct(kind="emotion", turn=place, label="sad")
    book.correct(kind="emotion", turn=place, label="angry")
    book.correct(kind="boundaries", turn=place, start_ms=turn.start_ms, end_ms=turn.start_ms + 400)
    [example], left = taught(book.answer, book.corrections, "emotion")
    assert (example.label, example.start_ms, example.end_ms - example.start_ms) == (
        "angry",
        turn.start_ms,
        400,
    )
    moved = place | {"end_ms": turn.start_ms + 400}
    book.correct(kind="boundaries", turn=moved, start_ms=turn.start_ms, end_ms=turn.start_ms + 200)
    assert taught(book.answer, book.corrections, "emotion")[1] == {"too_short": 1}
    assert not left


def test_sentiment_is_taught_of_turns_and_scene_of_stretches() -> None:
    book = Book(stereo())
    last = book.answer.turns[-1]
    book.correct(kind="sentiment", turn=book.turn(last.id), label="negative")  # as answered
    book.correct(kind="scene", start_ms=36_000, end_ms=40_000, label="noise")
    [voice] = taught(book.answer, book.corrections, "sentiment")[0]
    assert (voice.label, voice.confirmed, voice.channel) == ("negative", True, last.channel)
    [stretch] = taught(book.answer, book.corrections, "scene")[0]
    assert (stretch.label, stretch.confirmed, stretch.channel) == ("noise", False, None)
