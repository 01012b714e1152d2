"""Corrections are a layer: each kind changes what it is about, and nothing else."""

import jsonschema
import pytest

from earshot.analysis.errors import Permanent
from earshot.analysis.report.report import Report, build_report
from earshot.analysis.report.sections import TranscriptConfidence
from earshot.analysis.text_sentiment.findings import TextSentimentFindings
from earshot.analysis.text_sentiment.rule import FusionRule
from earshot.analysis.types import TRANSCRIPT
from tests.sounds.call_parts import part, parts, recording
from tests.unit.corrections.book import Book, mono, stereo


def texts(report: Report) -> list[tuple[str, str]]:
    return [(turn.speaker, turn.text) for turn in report.turns]


def test_without_corrections_the_report_is_the_answer() -> None:
    book = Book(mono())
    assert book.report is book.answer
    assert book.answer.corrections is None


def test_a_text_keeps_the_times_of_the_words_that_stay() -> None:
    book = Book(mono())
    before = {word.text: word for word in book.answer.turns[0].words}
    book.correct(kind="text", turn=book.turn("t0"), text="good  morning\nMs. Miller")
    turn = book.report.turns[0]
    assert turn.text == "good morning Ms. Miller"
    assert [word.text for word in turn.words] == ["good", "morning", "Ms.", "Miller"]
    assert turn.words[:2] == (before["good"], before["morning"])
    assert {word.timing for word in turn.words[2:]} == {"interpolated"}
    assert turn.confidence == 0.9
    for word in turn.words:
        assert turn.start_ms <= word.start_ms <= word.end_ms <= turn.end_ms
    assert book.report.corrections is not None
    assert book.report.corrections.turns == {"t0": ("text",)}
    assert book.report.turns[1:] == book.answer.turns[1:]


def test_corrected_words_are_not_doubtful() -> None:
    book = Book(mono())
    book.answer = book.answer.model_copy(
        update={
            "transcript_confidence": TranscriptConfidence(words=9, doubtful=9, doubtful_below=0.9)
        }
    )
    book.correct(kind="text", turn=book.turn("t0"), text="good morning Ms. Miller")
    assert book.report.transcript_confidence == TranscriptConfidence(
        words=11, doubtful=9, doubtful_below=0.9
    )


def test_an_empty_text_has_no_words() -> None:
    book = Book(mono())
    book.correct(kind="text", turn=book.turn("t0"), text="")
    turn = book.report.turns[0]
    assert (turn.text, turn.words, turn.confidence) == ("", (), None)


def test_markup_is_text() -> None:
    book = Book(mono())
    markup = '<img src=x onerror="alert(1)"> & <script>'
    book.correct(kind="text", turn=book.turn("t0"), text=markup)
    book.correct(kind="rename", speaker="s1", name="<b>Bob</b>")
    assert book.report.turns[0].text == markup
    assert [each.name for each in book.report.speakers] == [None, "<b>Bob</b>"]


@pytest.mark.parametrize("text", ["a\x00b", "a\x1b[2Jb", "\x7f"])
def test_control_characters_are_refused(text: str) -> None:
    book = Book(mono())
    with pytest.raises(ValueError, match="control character"):
        book.correct(kind="text", turn=book.turn("t0"), text=text)


def test_a_turn_gets_another_speaker_or_a_new_one() -> None:
    book = Book(mono())
    talk = [each.talk_ms for each in book.answer.speakers]
    book.correct(kind="speaker", turn=book.turn("t0"), speaker="s1")
    book.correct(kind="speaker", turn=book.turn("t3"), speaker="new")
    assert [speaker for speaker, _ in texts(book.report)] == ["s1", "s1", "s0", "s2"]
    speakers = {each.id: each for each in book.report.speakers}
    assert list(speakers) == ["s0", "s1", "s2"]
    assert [each.talk_ms for each in speakers.values()] == [
        talk[0] - 2_000,
        talk[1] + 2_000 - 4_000,
        4_000,
    ]
    with pytest.raises(Permanent, match="no speaker s3"):  # the next number makes none
        book.correct(kind="speaker", turn=book.turn("t0"), speaker="s3")


def test_a_new_speaker_after_a_merge_is_neither_of_the_merged() -> None:
    book = Book(mono())
    book.correct(kind="merge", speaker="s1", into="s0")
    book.correct(kind="speaker", turn=book.turn("t0"), speaker="new")
    assert spoken(book) == ["s2", "s0", "s0", "s0"]
    assert [each.id for each in book.report.speakers] == ["s0", "s2"]


def test_new_speakers_stay_apart_when_the_first_is_undone() -> None:
    book = Book(mono())
    first = book.correct(kind="speaker", turn=book.turn("t0"), speaker="new")
    book.correct(kind="speaker", turn=book.turn("t1"), speaker="new")
    book.correct(kind="rename", speaker="s3", name="Carol")
    book.undo(first)
    assert [who for who, _ in texts(book.report)] == ["s0", "s2", "s0", "s1"]
    book.correct(kind="speaker", turn=book.turn("t2"), speaker="new")
    book.correct(kind="rename", speaker="s3", name="Dave")
    assert [who for who, _ in texts(book.report)] == ["s0", "s2", "s3", "s1"]
    names = {each.id: each.name for each in book.report.speakers}
    assert names == {"s0": None, "s1": None, "s2": "Carol", "s3": "Dave"}
    book.redo(first)
    named = [{each.id: each.name for each in book.report.speakers}[who] for who in spoken(book)]
    assert len(set(spoken(book))) == 4
    assert named == [None, "Carol", "Dave", None]


def test_a_new_speaker_that_is_redone_is_not_one_that_was_made_meanwhile() -> None:
    book = Book(mono())
    first = book.correct(kind="speaker", turn=book.turn("t0"), speaker="new")
    book.undo(first)
    book.correct(kind="speaker", turn=book.turn("t1"), speaker="new")
    assert spoken(book) == ["s0", "s2", "s0", "s1"]
    book.redo(first)
    assert spoken(book) == ["s2", "s3", "s0", "s1"]


def test_a_new_speaker_keeps_name_and_turns_without_its_first_turn() -> None:
    book = Book(mono())
    first = book.correct(kind="speaker", turn=book.turn("t0"), speaker="new")
    book.correct(kind="rename", speaker="s2", name="Carol")
    book.correct(kind="speaker", turn=book.turn("t1"), speaker="s2")
    book.undo(first)
    assert spoken(book) == ["s0", "s2", "s0", "s1"]
    assert book.report.speakers[2].name == "Carol"
    assert book.states() == ["undone", "applied", "applied"]


def spoken(book: Book) -> list[str]:
    return [turn.speaker for turn in book.report.turns]


def test_a_merge_moves_turns_and_pools_sentiment() -> None:
    book = Book(mono())
    book.correct(kind="rename", speaker="s1", name="Bob")
    book.correct(kind="merge", speaker="s1", into="s0")
    report = book.report
    assert {speaker for speaker, _ in texts(report)} == {"s0"}
    assert [(each.id, each.name) for each in report.speakers] == [("s0", None)]
    assert report.speakers[0].talk_ms == sum(each.talk_ms for each in book.answer.speakers)
    calls = Book(stereo())
    calls.correct(kind="merge", speaker="s1", into="s0")
    (voice,) = calls.report.sentiment
    assert voice.speech_ms == sum(each.speech_ms for each in calls.answer.sentiment)
    assert abs(sum(voice.scores.values()) - 1) < 1e-3


def test_two_speakers_have_two_names() -> None:
    book = Book(mono())
    book.correct(kind="rename", speaker="s0", name="Ann")
    with pytest.raises(Permanent) as refused:
        book.correct(kind="rename", speaker="s1", name="Ann")
    assert refused.value.code == "name_taken"
    book.correct(kind="rename", speaker="s0", name="Anna")
    assert [each.name for each in book.report.speakers] == ["Anna", None]


def test_roles_are_swapped_everywhere() -> None:
    book = Book(stereo())
    book.correct(kind="roles", roles=("customer", "agent"))
    report = book.report
    assert report.recording.roles == ("customer", "agent")
    assert report.recording.roles_source == "correction"
    assert [each.role for each in report.speakers] == ["customer", "agent"]
    assert [each.role for each in report.sentiment] == ["customer", "agent"]
    assert {(turn.channel, turn.role) for turn in report.turns} == {(0, "customer"), (1, "agent")}
    assert report.corrections is not None
    assert report.corrections.roles
    with pytest.raises(Permanent, match="1 roles, but 2 channels"):
        book.correct(kind="roles", roles=("agent",))
    with pytest.raises(Permanent, match="0 channels have roles"):
        Book(mono()).correct(kind="roles", roles=("agent",))


def test_emotion_is_sure_or_unclear() -> None:
    book = Book(stereo())
    book.correct(kind="emotion", turn=book.turn("t4"), label="sad")
    found = book.report.turns[4].emotion
    assert found is not None
    assert (found.label, found.confidence, found.abstained) == ("sad", 1.0, False)
    assert sum(found.scores.values()) == 1
    book.correct(kind="emotion", turn=book.turn("t4"), label="unclear")
    found, answer = book.report.turns[4].emotion, book.answer.turns[4].emotion
    assert found is not None
    assert answer is not None
    assert (found.label, found.abstained, found.scores) == ("unclear", True, answer.scores)
    assert book.states() == ["superseded", "applied"]
    with pytest.raises(Permanent, match="no label furious"):
        book.correct(kind="emotion", turn=book.turn("t4"), label="furious")


def test_sentiment_of_a_turn_is_also_that_of_its_speaker_and_of_words_and_voice() -> None:
    rule = FusionRule()
    found = TextSentimentFindings(rule=rule, language="en", models={"": "words"}, turns=())
    book = Book(build_report(recording(), [*parts(), part("text_sentiment", TRANSCRIPT, found)]))
    before = book.answer.sentiment[1]
    assert (before.speaker, before.label) == ("s1", "negative")
    last = book.answer.turns[-1]
    assert last.sentiment is not None
    book.correct(kind="sentiment", turn=book.turn(last.id), label="positive")
    report = book.report
    turn, voice = report.turns[-1], report.sentiment[1]
    assert turn.sentiment is not None
    assert (turn.sentiment.label, turn.sentiment.confidence) == ("positive", 1.0)
    assert set(turn.sentiment.scores) == set(last.sentiment.scores)
    assert turn.fusion is not None
    assert (turn.fusion.label, turn.fusion.basis) == ("positive", "voice")
    assert (voice.label, voice.speech_ms) == ("positive", before.speech_ms)
    assert report.sentiment[0] == book.answer.sentiment[0]
    assert report.fusion is not None
    assert report.fusion.speakers[1].overall.label == "positive"
    assert report.corrections is not None
    assert report.corrections.turns == {last.id: ("sentiment",)}
    book.correct(kind="sentiment", turn=book.turn(last.id), label="unclear")
    unclear = book.report.turns[-1].sentiment
    assert unclear is not None
    assert (unclear.label, unclear.abstained, unclear.scores) == (
        "unclear",
        True,
        last.sentiment.scores,
    )
    with pytest.raises(Permanent, match="no label happy; there are negative, neutral, positive"):
        book.correct(kind="sentiment", turn=book.turn(last.id), label="happy")


def test_noise_and_scene_are_labelled_over_a_stretch() -> None:
    book = Book(stereo())
    book.correct(kind="noise", start_ms=5_000, end_ms=9_000, label="siren")
    book.correct(kind="noise", start_ms=8_000, end_ms=12_000, label="no_noise")
    noise = book.report.noise
    assert noise is not None
    assert [(each.label, each.start_ms, each.end_ms) for each in noise.timeline] == [
        ("rain", 0, 5_000),
        ("siren", 5_000, 8_000),
        ("no_noise", 8_000, 12_000),
        ("rain", 12_000, 40_000),
    ]
    book.correct(kind="scene", start_ms=1_000, end_ms=30_000, label="music")
    report = book.report
    assert [(each.label, each.start_ms) for each in report.scene] == [
        ("silence", 0),
        ("music", 1_000),
        ("speech", 30_000),
        ("music", 36_000),
    ]
    assert report.scene_overall is not None
    assert report.scene_overall.scores == {"speech": 0.1538, "silence": 0.0, "music": 0.8462}
    assert report.corrections is not None
    assert [each.start_ms for each in report.corrections.noise] == [5_000, 8_000]
    assert [each.start_ms for each in report.corrections.scene] == [1_000]
    for wrong in ({"start_ms": 9, "end_ms": 9}, {"start_ms": 0, "end_ms": 40_001}):
        with pytest.raises(Permanent, match="behind"):
            book.correct(kind="noise", label="rain", **wrong)
    with pytest.raises(Permanent) as refused:
        Book(mono()).correct(kind="noise", start_ms=0, end_ms=9, label="silence")
    assert refused.value.code == "no_noise"
    with pytest.raises(Permanent) as refused:
        Book(mono()).correct(kind="scene", start_ms=0, end_ms=9, label="silence")
    assert refused.value.code == "no_scene"


def test_boundaries_keep_words_inside_and_turns_in_order() -> None:
    book = Book(mono())
    book.correct(kind="boundaries", turn=book.turn("t2"), start_ms=3_500, end_ms=8_000)
    report = book.report
    assert [turn.id for turn in report.turns] == ["t0", "t2", "t1", "t3"]
    turn = report.turns[1]
    assert (turn.start_ms, turn.end_ms) == (3_500, 8_000)
    assert all(3_500 <= word.start_ms <= word.end_ms <= 8_000 for word in turn.words)
    # The next change names the turn as it is shown now.
    book.correct(kind="text", turn=book.turn("t2"), text="how are you now")
    assert [(turn.id, turn.text) for turn in book.report.turns][1] == ("t2", "how are you now")
    with pytest.raises(Permanent, match="no turn"):
        book.correct(kind="text", turn={"channel": 0, "start_ms": 7_000, "end_ms": 9_000}, text="x")


def test_undoing_shows_what_was_before() -> None:
    book = Book(mono())
    place = book.turn("t0")
    first = book.correct(kind="text", turn=place, text="good evening")
    second = book.correct(kind="text", turn=place, text="good night")
    assert book.states() == ["superseded", "applied"]
    book.undo(second)
    assert book.report.turns[0].text == "good evening"
    assert book.states() == ["applied", "undone"]
    book.undo(first)
    assert book.report is book.answer


def test_it_follows_the_schema_and_is_the_same_each_time() -> None:
    book = Book(stereo())
    book.correct(kind="text", turn=book.turn("t0"), text="good evening")
    book.correct(kind="noise", start_ms=5_000, end_ms=9_000, label="siren")
    book.correct(kind="merge", speaker="s1", into="s0")
    body = book.report.model_dump(mode="json")
    jsonschema.validate(body, Report.model_json_schema(mode="serialization"))
    assert Report.model_validate(body) == book.report
    book.corrections.reverse()
    assert book.report.model_dump(mode="json") == body
