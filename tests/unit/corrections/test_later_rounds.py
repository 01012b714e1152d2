"""After another round a correction is kept where it fits, and is otherwise a conflict that shows
both values."""

from earshot.analysis.corrections.finding import MOST_SPANS
from earshot.analysis.report.corrected import Conflict
from tests.unit.corrections.book import SAID, Book, mono, stereo


def conflicts(book: Book) -> tuple[Conflict, ...]:
    found = book.report.corrections
    assert found is not None
    return found.conflicts


def test_the_same_answer_keeps_the_text() -> None:
    book = Book(mono())
    book.correct(kind="text", turn=book.turn("t1"), text="hello Bob")
    moved = [(who, said, start + 120, end + 150) for who, said, start, end in SAID]
    book.answer = mono(tuple(moved))
    assert book.report.turns[1].text == "hello Bob"
    assert book.states() == ["applied"]


def test_other_numbers_of_turns_do_not_matter() -> None:
    book = Book(mono())
    book.correct(kind="text", turn=book.turn("t2"), text="how are you now")
    book.answer = mono((("s1", "well", 100, 600), *SAID))
    assert [turn.text for turn in book.report.turns] == [
        "well", "good morning", "hello there", "how are you now", "fine thanks"
    ]  # fmt: skip


def test_an_answer_that_agrees_is_no_conflict() -> None:
    book = Book(mono())
    book.correct(kind="text", turn=book.turn("t1"), text="hello Bob")
    book.answer = mono((SAID[0], ("s1", "hello Bob", 4_000, 6_000), *SAID[2:]))
    assert book.states() == ["applied"]


def test_another_answer_is_a_conflict_and_the_correction_stays() -> None:
    book = Book(mono())
    made = book.correct(kind="text", turn=book.turn("t1"), text="hello Bob")
    book.answer = mono((SAID[0], ("s1", "yellow bear", 4_000, 6_000), *SAID[2:]))
    assert book.report.turns[1].text == "hello Bob"
    (found,) = conflicts(book)
    assert (found.id, found.reason, found.turn) == (made.id, "changed", "t1")
    assert (found.corrected.text, found.replaced.text) == ("hello Bob", "hello there")
    assert found.answer is not None
    assert found.answer.text == "yellow bear"
    # Saying it again settles it; undoing that brings the conflict back.
    again = book.correct(kind="text", turn=book.turn("t1"), text="hello Bob")
    assert book.states() == ["superseded", "applied"]
    book.undo(again)
    assert book.states() == ["conflict", "undone"]


def test_a_turn_that_is_gone_is_a_conflict_and_the_answer_is_shown() -> None:
    book = Book(mono())
    book.correct(kind="text", turn=book.turn("t3"), text="fine, thank you")
    parts = (("s1", "fine", 10_000, 11_500), ("s0", "and", 11_600, 12_400), SAID[3])
    book.answer = mono((*SAID[:3], *parts[:2], ("s1", "thanks", 12_500, 14_000)))
    texts = [turn.text for turn in book.report.turns]
    assert texts[3:] == ["fine", "and", "thanks"]
    (found,) = conflicts(book)
    assert (found.reason, found.turn, found.answer) == ("gone", None, None)
    assert (found.channel, found.start_ms, found.end_ms) == (0, 10_000, 14_000)
    assert found.corrected.text == "fine, thank you"


def test_speakers_are_known_by_their_time_and_not_by_their_number() -> None:
    book = Book(mono())
    book.correct(kind="rename", speaker="s1", name="Bob")
    book.correct(kind="speaker", turn=book.turn("t2"), speaker="s1")
    other = {"s0": "s1", "s1": "s0"}
    before = [(each.text, each.speaker) for each in book.report.turns]
    book.answer = mono(tuple((other[who], *rest) for who, *rest in SAID))  # type: ignore[misc]
    assert {each.id: each.name for each in book.report.speakers} == {"s0": "Bob", "s1": None}
    assert [(each.text, other[each.speaker]) for each in book.report.turns] == before
    assert book.states() == ["applied", "applied"]


def test_a_speaker_that_is_gone_is_a_conflict() -> None:
    book = Book(mono())
    book.correct(kind="rename", speaker="s1", name="Bob")
    book.answer = mono(tuple(("s0", *rest) for _, *rest in SAID))  # type: ignore[misc]
    assert [each.name for each in book.report.speakers] in ([None], ["Bob"])
    book.answer = mono(SAID[:1])
    assert [(each.kind, each.reason) for each in conflicts(book)] == [("rename", "gone")]


def test_an_answer_that_merges_the_speakers_agrees_with_the_merge() -> None:
    book = Book(mono())
    book.correct(kind="merge", speaker="s1", into="s0")
    book.answer = mono(tuple(("s0", *rest) for _, *rest in SAID))  # type: ignore[misc]
    assert book.states() == ["applied"]
    assert {turn.speaker for turn in book.report.turns} == {"s0"}


def test_a_new_speaker_keeps_apart_from_one_that_the_analyses_find_later() -> None:
    book = Book(mono())
    book.correct(kind="speaker", turn=book.turn("t3"), speaker="new")
    book.correct(kind="rename", speaker="s2", name="Carol")
    book.answer = mono((*SAID, ("s2", "bye", 20_000, 21_000)))
    speakers = {each.id: each.name for each in book.report.speakers}
    assert speakers == {"s0": None, "s1": None, "s2": None, "s3": "Carol"}
    assert [turn.speaker for turn in book.report.turns] == ["s0", "s1", "s0", "s3", "s2"]


def test_new_speakers_keep_apart_among_more_answered_ones() -> None:
    book = Book(mono())
    first = book.correct(kind="speaker", turn=book.turn("t0"), speaker="new")
    book.undo(first)
    book.answer = mono((*SAID, ("s2", "bye", 20_000, 21_000)))
    book.correct(kind="speaker", turn=book.turn("t1"), speaker="new")
    book.answer = mono()
    book.correct(kind="speaker", turn=book.turn("t2"), speaker="new")
    book.redo(first)
    assert [turn.speaker for turn in book.report.turns] == ["s2", "s3", "s4", "s1"]


def test_a_speaker_of_many_turns_is_known_by_the_longest() -> None:
    said = tuple(
        (f"s{n % 3}", "so it is", 4_000 * n, 4_000 * n + 2_000 + n % 700) for n in range(900)
    )
    book = Book(mono(said))
    book.correct(kind="rename", speaker="s1", name="Bob")
    target = book.corrections[0].target.voice
    assert target is not None
    spans = target.spans
    assert len(spans) == MOST_SPANS
    assert list(spans) == sorted(spans)
    lengths = [end - start for who, _, start, end in said if who == "s1"]
    assert target.talk_ms == sum(lengths)
    assert min(end - start for start, end in spans) == sorted(lengths)[-MOST_SPANS]
    moved = {"s0": "s1", "s1": "s2", "s2": "s0"}
    book.answer = mono(
        tuple((moved[who], text, start + 90, end - 90) for who, text, start, end in said)
    )
    assert [each.name for each in book.report.speakers] == [None, None, "Bob"]
    # All of its stored turns, but less than half of the time of what speaks there now.
    book.answer = mono(tuple(("s0", *rest) for _, *rest in said))  # type: ignore[misc]
    assert [each.reason for each in conflicts(book)] == ["gone"]


def test_boundaries_may_differ_a_little() -> None:
    book = Book(mono())
    book.correct(kind="boundaries", turn=book.turn("t3"), start_ms=10_500, end_ms=13_000)
    book.answer = mono((*SAID[:3], ("s1", "fine thanks", 10_150, 14_100)))
    assert book.states() == ["applied"]
    book.answer = mono((*SAID[:3], ("s1", "fine thanks", 9_500, 14_900)))
    assert book.states() == ["conflict"]
    assert (book.report.turns[3].start_ms, book.report.turns[3].end_ms) == (10_500, 13_000)


def test_noise_and_roles() -> None:
    book = Book(stereo())
    book.correct(kind="noise", start_ms=5_000, end_ms=9_000, label="siren")
    book.correct(kind="roles", roles=("customer", "agent"))
    book.correct(kind="emotion", turn=book.turn("t4"), label="sad")
    answer = book.answer
    assert answer.noise is not None
    other = tuple(each.model_copy(update={"label": "no_noise"}) for each in answer.noise.timeline)
    book.answer = answer.model_copy(
        update={"noise": answer.noise.model_copy(update={"timeline": other})}
    )
    assert book.states() == ["conflict", "applied", "applied"]
    (found,) = conflicts(book)
    assert found.answer is not None
    assert [each.label for each in found.answer.stretches or ()] == ["no_noise"]
    assert book.report.noise is not None
    assert [each.label for each in book.report.noise.timeline] == ["no_noise", "siren", "no_noise"]
    book.answer = answer.model_copy(update={"noise": None, "turns": ()})
    assert [each.reason for each in conflicts(book)] == ["gone", "gone"]


def test_scene_and_a_confirmed_sentiment() -> None:
    book = Book(stereo())
    answer, last = book.answer, book.answer.turns[-1]
    assert last.sentiment is not None
    book.correct(kind="scene", start_ms=36_000, end_ms=40_000, label="noise")
    book.correct(kind="sentiment", turn=book.turn(last.id), label=last.sentiment.label)
    assert book.states() == ["applied", "applied"]
    neutral = last.sentiment.model_copy(update={"label": "neutral"})
    turns = (*answer.turns[:-1], last.model_copy(update={"sentiment": neutral}))
    other = answer.scene[-1].model_copy(update={"label": "other"})
    book.answer = answer.model_copy(update={"scene": (*answer.scene[:-1], other), "turns": turns})
    found = conflicts(book)
    assert [(each.kind, each.answer and each.answer.label) for each in found] == [
        ("scene", None),
        ("sentiment", "neutral"),
    ]
    assert book.report.scene[-1].label == "noise"
    shown = book.report.turns[-1].sentiment
    assert shown is not None
    assert shown.label == "negative"
    book.answer = answer.model_copy(update={"scene": (), "turns": ()})
    assert [each.reason for each in conflicts(book)] == ["gone", "gone"]
