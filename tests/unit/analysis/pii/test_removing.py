"""Words of a chunk without personal data, and the stretches of its sound that are to be silent."""

import time
from collections.abc import Sequence
from uuid import UUID

import pytest

from earshot.analysis.findings import AsrFindings, Redacted, Spoken, SuppressedText, Timing, Word
from earshot.analysis.outcome import Failed, Outcome, Skipped, Succeeded
from earshot.analysis.pii.detect import find
from earshot.analysis.pii.kinds import KINDS
from earshot.analysis.pii.redaction import AROUND_MS, apart, is_proven, masked_parts, to_silence
from earshot.analysis.pii.removing import GUARD_MS, Cut, masked, without_more, without_personal_data
from earshot.analysis.report.parts import ChunkSpan, Part
from earshot.analysis.types import PAD_MS, ChunkRef, Utterance

STEP = 400
WHOLE = Cut(start=False, end=False)
SPEECH = Utterance(channel=0, start_ms=0, end_ms=60_000)


def words(text: str, channel: int = 0, at_ms: int = 1000, timing: Timing = "aligned") -> list[Word]:
    """Words of 300 ms with 100 ms between them; those with a star have no times of their own."""
    return [
        Word(
            text=each.rstrip("*"), channel=channel, confidence=0.9,
            start_ms=at_ms + place * STEP, end_ms=at_ms + place * STEP + 300,
            timing="interpolated" if each.endswith("*") else timing,
        )
        for place, each in enumerate(text.split())
    ]  # fmt: skip


def ref(speech: Sequence[Utterance] = (SPEECH,), kinds: tuple[str, ...] = KINDS) -> ChunkRef:
    return ChunkRef(
        recording_id=UUID(int=1), index=0, start_ms=0, end_ms=60_000, audio_uri="x",
        sample_rate=16_000, channels=2, native_rate=16_000, redact=kinds, speech=tuple(speech),
    )  # fmt: skip


def findings(*runs: list[Word], **others: object) -> AsrFindings:
    return AsrFindings(language="en", words=tuple(word for run in runs for word in run), **others)


def texts(found: AsrFindings) -> str:
    return " ".join(word.text for word in found.words)


def test_a_number_becomes_one_word_and_one_stretch() -> None:
    said = words("my card is four one one one one one one one thanks")
    found = without_personal_data(findings(said), ref(), WHOLE)
    assert texts(found) == "my card is [number] thanks"
    (stretch,) = found.redacted
    assert stretch.start_ms == said[3].start_ms - GUARD_MS
    assert stretch.end_ms == said[10].end_ms + GUARD_MS


def test_a_number_over_two_channels_is_one_and_the_listener_stays() -> None:
    customer = [*words("four one one", 1), *words("five five five two", 1, 4000)]
    found = without_personal_data(findings(words("yes", 0, 2500), customer), ref(), WHOLE)
    assert texts(found) == "yes [number]"
    asked = [*words("your account number please"), *words("four five six seven", 1, 4000)]
    assert texts(without_personal_data(findings(asked), ref(), WHOLE)).endswith("please [number]")


def test_without_times_the_stretch_reaches_to_its_neighbours_with_times() -> None:
    said = words("the card is four* one* one* one* one* one* one* thanks a lot")
    (stretch,) = without_personal_data(findings(said), ref(), WHOLE).redacted
    assert stretch.start_ms == said[2].end_ms - GUARD_MS
    assert stretch.end_ms == said[10].start_ms + GUARD_MS


def test_without_any_times_the_whole_utterance_is_silent() -> None:
    said = words("card* four* one* one* one* one* one* one* thanks*")
    speech = Utterance(channel=0, start_ms=500, end_ms=9000)
    (stretch,) = without_personal_data(findings(said), ref([speech]), WHOLE).redacted
    assert (stretch.start_ms, stretch.end_ms) == (500 + PAD_MS - GUARD_MS, 9000 - PAD_MS + GUARD_MS)


@pytest.mark.parametrize(
    ("text", "cut", "kept"),
    [
        ("so it is four one", Cut(start=False, end=True), "so it is [number]"),
        ("so it is four one", WHOLE, "so it is four one"),
        ("five two yes thank you", Cut(start=True, end=False), "[number] yes thank you"),
        ("two and that was my old address", Cut(start=True, end=False),
         "[number] and that was my old address"),
        ("I like this one a lot today", Cut(start=True, end=True), "I like this one a lot today"),
        ("write to john dot smith at", Cut(start=False, end=True), "write to [email]"),
        ("example dot com thank you", Cut(start=True, end=False), "[email] thank you"),
        ("55.41 thank you", Cut(start=True, end=False), "[number] thank you"),
        ("it costs 55.41 thank you", WHOLE, "it costs 55.41 thank you"),
        ("that was in March and all is well with us now", Cut(start=True, end=True),
         "that was in March and all is well with us now"),
    ],
)  # fmt: skip
def test_half_a_number_at_the_border_of_a_chunk_is_one(text: str, cut: Cut, kept: str) -> None:
    assert texts(without_personal_data(findings(words(text)), ref(), cut)) == kept


@pytest.mark.parametrize("at", range(1, 16))
def test_no_cut_of_a_card_leaves_a_digit(at: int) -> None:
    digits = "four five three nine one four eight eight zero three four three six four six seven"
    first = ["my", "card", "is", *digits.split()[:at]]
    second = [*digits.split()[at:], "thank", "you"]
    for part, cut in ((first, Cut(False, True)), (second, Cut(True, False))):
        kept = without_personal_data(findings(words(" ".join(part))), ref(), cut)
        assert find(texts(kept).split(), ["en"], open_start=cut.start, open_end=cut.end) == []
        assert not set(texts(kept).split()) & set(digits.split())


def test_what_a_recogniser_makes_of_the_first_and_the_last_digit_goes_too() -> None:
    said = words("number is for one five five five five year one three two thanks")
    assert texts(without_personal_data(findings(said), ref(), WHOLE)) == "number is [number] thanks"


def test_amounts_beside_a_number_are_its_rest() -> None:
    said = words("take 46.46.57.54.57.20 to 55.41. thanks")
    assert texts(without_personal_data(findings(said), ref(), WHOLE)) == "take [number] thanks"


def test_what_another_recogniser_finds_goes_from_the_words_of_the_first() -> None:
    found = without_personal_data(
        findings(words("write to anna texan pull dot calm")), ref(), WHOLE
    )
    assert not found.redacted
    other = words("write to anna at example dot com")
    both = without_more(found, other, ref(), WHOLE)
    assert texts(both) == "write to [email]"
    assert [each.start_ms for each in both.redacted] == [other[2].start_ms - GUARD_MS]


def test_suppressed_texts_are_redacted_and_their_stretch_is_silent() -> None:
    text = SuppressedText(
        channel=0, start_ms=100, end_ms=900, text="4111 1111 1111 1111", reason="repetition"
    )
    found = without_personal_data(findings(suppressed_text=(text,)), ref(), WHOLE)
    assert found.suppressed_text[0].text == "[card]"
    assert (found.redacted[0].start_ms, found.redacted[0].end_ms) == (80, 920)


def test_only_the_kinds_that_are_asked_for_are_removed() -> None:
    said = words(
        "write to john dot smith at example dot com or call four one one five five five two"
    )
    found = without_personal_data(findings(said), ref(kinds=("email",)), WHOLE)
    assert texts(found).startswith("write to [email] or call four")


def silent(start_ms: int, end_ms: int) -> Redacted:
    return Redacted(kind="card", channel=0, start_ms=start_ms, end_ms=end_ms)


def test_words_of_stretches_that_were_found_later_are_masked() -> None:
    said = words("it is four one thanks")
    found = masked(findings(said), [silent(said[2].start_ms, said[3].end_ms)])
    assert texts(found) == "it is [card] thanks"
    assert masked(found, [silent(said[2].start_ms, said[3].end_ms)]) == found


def test_suppressed_texts_of_stretches_that_were_found_later_are_masked_or_dropped() -> None:
    said = words("[card] it is four one thanks")
    spans = {"channel": 0, "start_ms": 1000, "end_ms": 4000, "text": "[card] it is four one thanks"}
    known = SuppressedText(**spans, reason="language_unsupported", words=tuple(said))
    unknown = SuppressedText(**spans, reason="repetition")
    later = silent(said[3].start_ms, said[4].end_ms)
    (left,) = masked(findings(suppressed_text=(known, unknown)), [later]).suppressed_text
    assert left.text == "[card] it is [card] thanks"
    assert [word.text for word in left.words] == left.text.split()


def test_speech_in_another_language_is_silent_though_its_chunk_succeeded() -> None:
    said = words("quatre un un")
    text = SuppressedText(
        channel=0, start_ms=1000, end_ms=2100, text="x", reason="language_unsupported",
        words=tuple(said),
    )  # fmt: skip
    spoken = (
        Spoken(channel=0, start_ms=800, end_ms=5000, other_language=9.0),
        Spoken(channel=1, start_ms=800, end_ms=5000, other_language=-9.0),
    )
    heard = findings(words("hello there", 1), suppressed_text=(text,), spoken=spoken)
    chunks = spoken_in((800, 5000))
    (found,) = to_silence([part("asr", answered(heard))], chunks)
    assert (found.kind, found.channel, found.start_ms, found.end_ms) == ("unheard", 0, 800, 5000)
    late = findings([*said, *words("hello there", 1)], spoken=spoken)
    assert to_silence([part("asr", answered(late))], chunks) == (found,)


def part(analysis: str, outcome: Outcome, chunk: int = 0) -> Part:
    return Part(
        chunk=chunk, start_ms=0, end_ms=60_000, analysis=analysis, release="x", outcome=outcome
    )


def answered(found: AsrFindings) -> Succeeded:
    return Succeeded(findings=found.model_dump(mode="json"))


CHUNKS = (ChunkSpan(index=0, start_ms=0, end_ms=60_000, speech=(SPEECH,)),)


def spoken_in(*spans: tuple[int, int]) -> tuple[ChunkSpan, ...]:
    """A chunk with speech there on the first channel."""
    speech = tuple(Utterance(channel=0, start_ms=start, end_ms=end) for start, end in spans)
    return (ChunkSpan(index=0, start_ms=0, end_ms=60_000, speech=speech),)


def test_speech_that_no_word_was_written_for_is_silent() -> None:
    """A recogniser that repeats itself is suppressed, with the numbers in it."""
    looped = SuppressedText(
        channel=0, start_ms=4000, end_ms=12_000, text="H.A.T.A.G.I.D.", reason="repetition"
    )
    said = findings(
        words("my address is"), words("thank you", 0, 13_000), suppressed_text=(looped,)
    )
    chunks = spoken_in((1000, 2100), (4000, 12_000), (13_000, 13_700))
    (found,) = to_silence([part("asr", answered(said))], chunks)
    assert (found.kind, found.start_ms, found.end_ms) == ("unheard", 4000, 12_000)
    paused = spoken_in((1000, 13_700))
    (found,) = to_silence([part("asr", answered(said))], paused)
    assert (found.start_ms, found.end_ms) == (2100 + AROUND_MS, 13_000 - AROUND_MS)
    assert to_silence([part("asr", answered(said))], spoken_in((1000, 2900))) == ()


@pytest.mark.parametrize("outcome", [None, Failed(code="x", detail="y")])
def test_speech_without_an_answer_is_silent_as_a_whole(outcome: Outcome | None) -> None:
    parts = [] if outcome is None else [part("asr", outcome)]
    (found,) = to_silence(parts, CHUNKS)
    assert (found.kind, found.start_ms, found.end_ms) == ("unheard", 0, 60_000)
    assert to_silence([part("asr", Skipped(reason="no_speech"))], CHUNKS) == ()


def test_a_long_call_is_searched_in_time_that_grows_with_its_words() -> None:
    """16 times the chunks, as a ratio of one run: each word compared with each stretch of speech
    takes 256 times as long."""

    def took(chunks: int) -> float:
        said = [words("a b c d e f g h", 0, 5_000 * each) for each in range(10 * chunks)]
        parts = [
            part("asr", answered(findings(*said[10 * each : 10 * each + 10])), each)
            for each in range(chunks)
        ]
        spans = [
            ChunkSpan(
                index=each, start_ms=50_000 * each, end_ms=50_000 * each + 50_000,
                speech=tuple(
                    Utterance(channel=0, start_ms=at, end_ms=at + 4_900)
                    for at in range(50_000 * each, 50_000 * each + 50_000, 5_000)
                ),
            )
            for each in range(chunks)
        ]  # fmt: skip
        began = time.process_time()
        to_silence(parts, spans)
        return time.process_time() - began

    took(10)
    assert took(160) < 80 * took(10)


def test_redaction_is_proven_only_of_all_that_is_to_be_silent() -> None:
    words_of = part("asr", answered(findings(redacted=(silent(100, 200),))))
    done = Succeeded(findings={"stretches": [silent(100, 200).model_dump()], "passes": 1})
    earlier = Succeeded(findings={"stretches": [silent(300, 400).model_dump()], "passes": 1})
    chunks = spoken_in((100, 400))
    assert is_proven([words_of, part("redaction", done, -2)], chunks)
    assert not is_proven([words_of, part("redaction", earlier, -2)], chunks)
    assert not is_proven([words_of, part("redaction", Failed(code="x", detail="y"), -2)], chunks)
    assert not is_proven([words_of], chunks)
    assert is_proven([part("redaction", done, -2)], chunks)  # the words have expired
    assert not is_proven([words_of, part("redaction", done, -2)], CHUNKS)  # speech without words


def test_the_parts_with_words_of_silent_stretches_are_rewritten() -> None:
    said = words("it is four one thanks")
    done = Succeeded(findings={"stretches": [silent(1700, 2600).model_dump()], "passes": 2})
    (changed,) = masked_parts([part("asr", answered(findings(said))), part("redaction", done, -2)])
    assert isinstance(changed.outcome, Succeeded)
    assert texts(AsrFindings.model_validate(changed.outcome.findings)) == "it is [card] thanks"


def test_stretches_with_little_between_them_are_one() -> None:
    found = [silent(0, 1000), silent(1900, 2500), silent(4000, 4100)]
    spans = [(each.start_ms, each.end_ms) for each in apart(found, 900)]
    assert spans == [(0, 2500), (4000, 4100)]
    assert apart(found) == tuple(found)
