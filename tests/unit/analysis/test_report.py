"""The report merges the outcomes of all chunks, lists missing ones, and guesses nothing."""

import random

import jsonschema

from earshot.analysis.findings import (
    AsrFindings,
    Classification,
    DiarizationFindings,
    Findings,
    SpeakerTurn,
    Word,
)
from earshot.analysis.outcome import LANGUAGE_UNSUPPORTED, Failed, Skipped
from earshot.analysis.report.parts import ChunkSpan, Part
from earshot.analysis.report.report import Report, build_report
from earshot.analysis.report.sections import TranscriptConfidence
from earshot.analysis.types import WHOLE
from tests.sounds.call_parts import (
    ALL,
    diarization,
    noise,
    part,
    parts,
    recording,
    scene,
    sentiment,
    words,
)


def test_the_whole_story() -> None:
    report = build_report(recording(), parts())
    assert report.status == "complete"
    assert [(s.label, s.start_ms, s.end_ms) for s in report.scene] == [
        ("silence", 0, 1_000),
        ("speech", 1_000, 36_000),
        ("music", 36_000, 40_000),
    ]
    assert [(t.id, t.speaker, t.role, t.text) for t in report.turns if t.text] == [
        ("t0", "s0", "agent", "hello"),
        ("t2", "s0", "agent", "good day sir"),
        ("t4", "s1", "customer", "no"),
    ]
    assert [(s.id, s.channel, s.role, s.talk_ms) for s in report.speakers] == [
        ("s0", 0, "agent", 30_000),
        ("s1", 1, "customer", 4_000),
    ]
    assert report.noise is not None
    assert [(n.label, n.start_ms, n.end_ms) for n in report.noise.timeline] == [("rain", 0, 40_000)]
    assert report.noise.bandwidth_limited
    assert [(s.role, s.label, s.speaker) for s in report.sentiment] == [
        ("agent", "neutral", "s0"),
        ("customer", "negative", "s1"),
    ]
    last = report.turns[-1]
    assert last.emotion is not None
    assert (last.emotion.label, last.emotion.label_native, last.emotion.confidence) == (
        "angry",
        "anger",
        0.9,
    )
    assert last.sentiment is not None
    assert last.sentiment.label == "negative"


def test_it_does_not_depend_on_the_order_of_the_parts() -> None:
    shuffled = parts()
    random.Random(1).shuffle(shuffled)
    assert build_report(recording(), shuffled) == build_report(recording(), parts())


def test_it_keeps_its_own_schema_and_reads_itself_back() -> None:
    report = build_report(recording(), parts())
    jsonschema.validate(
        report.model_dump(mode="json"), Report.model_json_schema(mode="serialization")
    )
    assert Report.model_validate_json(report.model_dump_json()) == report


def test_a_failure_makes_it_partial_and_a_skip_does_not() -> None:
    kept = [p for p in parts() if p.analysis not in {"asr", "noise"}]
    failed = Part(
        chunk=1,
        start_ms=24_000,
        end_ms=40_000,
        analysis="asr",
        release="r",
        outcome=Failed(code="out_of_memory", detail="too long"),
    )
    skipped = Part(
        chunk=0,
        start_ms=0,
        end_ms=25_000,
        analysis="asr",
        release="r",
        outcome=Skipped(reason="no_speech"),
    )
    report = build_report(
        recording(analyses=tuple(a for a in ALL if a != "noise")), [*kept, failed, skipped]
    )
    assert report.status == "partial"
    assert [(m.analysis, m.chunk, m.code, m.detail) for m in report.missing] == [
        ("asr", 1, "out_of_memory", "too long")
    ]
    assert [(s.analysis, s.chunk, s.reason) for s in report.skipped] == [("asr", 0, "no_speech")]
    assert report.noise is None
    assert [(t.speaker, t.text) for t in report.turns] == [("s0", ""), ("s1", "")]
    assert {turn.transcribed for turn in report.turns} == {False}
    assert report.transcript_language is None


def test_words_left_out_for_their_language_make_it_partial() -> None:
    texts = [
        {"text": text, "reason": reason, "channel": 1, "start_ms": 25_000, "end_ms": end}
        for text, reason, end in (
            ("yeah", "no_speech", 25_400),
            ("no", LANGUAGE_UNSUPPORTED, 29_000),
        )
    ]
    found = AsrFindings.model_validate({"language": "en", "words": (), "suppressed_text": texts})
    kept = [each for each in parts() if (each.analysis, each.chunk) != ("asr", 1)]
    report = build_report(recording(), [*kept, part("asr", 1, found)])
    assert report.status == "partial"
    assert [(m.analysis, m.chunk, m.code, m.detail) for m in report.missing] == [
        (
            "asr",
            1,
            "language_unsupported",
            "4 s of the speech are not in en; their words are left out",
        )
    ]


def test_doubtful_words_are_counted_over_the_recording() -> None:
    """Not at all where a chunk has another bound or none: its words are of another recogniser."""

    def doubted(*bounds: float | None) -> TranscriptConfidence | None:
        chunks = [
            part(
                "asr",
                index,
                AsrFindings(
                    language="en",
                    doubtful_below=bound,
                    words=tuple(
                        Word(
                            text="so",
                            confidence=confidence,
                            channel=1,
                            start_ms=25_000 * index + 1_000 * place,
                            end_ms=25_000 * index + 1_000 * place + 200,
                        )
                        for place, confidence in enumerate((0.3, 0.6, 0.9), 2)
                    ),
                ),
            )
            for index, bound in enumerate(bounds)
        ]
        kept = [each for each in parts() if each.analysis != "asr"]
        return build_report(recording(), [*kept, *chunks]).transcript_confidence

    assert doubted(0.65, 0.65) == TranscriptConfidence(words=6, doubtful=4, doubtful_below=0.65)
    assert doubted(0.65, None) is None
    assert doubted(0.65, 0.4) is None


def test_an_analysis_without_any_answer_is_missing() -> None:
    report = build_report(recording(), [p for p in parts() if p.analysis != "emotion"])
    assert [(m.analysis, m.chunk, m.code) for m in report.missing] == [
        ("emotion", WHOLE, "not_run")
    ]
    assert all(turn.emotion is None for turn in report.turns)


def test_an_analysis_without_an_answer_for_one_chunk_is_missing_there() -> None:
    report = build_report(
        recording(), [p for p in parts() if (p.analysis, p.chunk) != ("noise", 1)]
    )
    assert report.status == "partial"
    assert [(m.analysis, m.chunk, m.code) for m in report.missing] == [("noise", 1, "not_run")]


def test_a_turn_says_whether_it_was_transcribed() -> None:
    report = build_report(recording(), [p for p in parts() if (p.analysis, p.chunk) != ("asr", 1)])
    assert [(t.start_ms, t.text, t.transcribed) for t in report.turns] == [
        (1_000, "hello", True),
        (1_300, "", True),
        (24_100, "good day", True),
        (24_800, "", False),
        (32_000, "", False),
    ]


def test_a_turn_of_a_script_without_spaces_has_none() -> None:
    said = part("asr", 0, words(("你", 1_000, 0), ("好", 1_300, 0)))
    report = build_report(
        recording(), [p for p in parts() if p.analysis not in ("asr", "diarization")] + [said]
    )
    assert next(turn.text for turn in report.turns if turn.text) == "你好"


def test_the_language_that_was_written_down_shows_beside_the_one_asked_for() -> None:
    report = build_report(recording().model_copy(update={"language": "fr"}), parts())
    assert (report.recording.language, report.transcript_language) == ("fr", "en")


def test_what_to_know_of_the_file_is_in_the_report() -> None:
    cut = recording().model_copy(update={"notes": ("The file is cut off.",)})
    assert build_report(cut, parts()).recording.notes == ("The file is cut off.",)


def test_channels_keep_their_roles_when_diarization_failed() -> None:
    report = build_report(recording(), [p for p in parts() if p.analysis != "diarization"])
    assert [(s.id, s.channel, s.role) for s in report.speakers] == [
        ("s0", 0, "agent"),
        ("s1", 1, "customer"),
    ]
    assert [(t.speaker, t.role) for t in report.turns if t.text == "no"] == [("s1", "customer")]


def test_silence_gives_a_report_without_turns() -> None:
    quiet = recording().model_copy(
        update={"chunks": (ChunkSpan(index=0, start_ms=0, end_ms=25_000),)}
    )
    nothing = [
        Part(
            chunk=0,
            start_ms=0,
            end_ms=25_000,
            analysis=name,
            release="r",
            outcome=Skipped(reason="no_speech"),
        )
        for name in ("asr", "emotion", "sentiment")
    ]
    whole = Part(
        chunk=WHOLE,
        start_ms=0,
        end_ms=25_000,
        analysis="diarization",
        release="r",
        outcome=Skipped(reason="no_speech"),
    )
    report = build_report(
        quiet,
        [
            *nothing,
            whole,
            part("scene", 0, scene(("silence", 0, 25_000))),
            part("noise", 0, noise("rain")),
        ],
    )
    assert (report.status, report.turns, report.speakers, report.sentiment) == (
        "complete",
        (),
        (),
        (),
    )


def test_mono_speakers_have_no_role() -> None:
    scored = [(1_000, 25_000, 0, "agent", 0.2), (1_000, 25_000, 0, "customer", 0.9)]
    heard = part("sentiment", 0, sentiment(*scored))
    turns = tuple(turn.model_copy(update={"channel": 0}) for turn in diarization().turns)
    voices = DiarizationFindings(method="clustering", speakers=2, turns=turns)
    report = build_report(
        recording(roles=(), channels=1), [heard, part("diarization", WHOLE, voices)]
    )
    assert [(speaker.id, speaker.channel) for speaker in report.speakers] == [("s0", 0), ("s1", 0)]
    assert {speaker.role for speaker in report.speakers} == {None}
    assert {turn.role for turn in report.turns} == {None}
    first = report.sentiment[0]
    assert (first.role, first.speaker, first.scores["negative"], first.speech_ms) == (
        None,
        "s0",
        0.55,
        23_500,
    )


def test_words_go_to_who_holds_the_floor_and_talk_at_once_counts_for_both() -> None:
    def turn(speaker: str, start_ms: int, end_ms: int) -> SpeakerTurn:
        return SpeakerTurn(speaker=speaker, start_ms=start_ms, end_ms=end_ms, channel=0)

    told = DiarizationFindings(
        method="clustering",
        speakers=2,
        turns=(turn("s0", 1_000, 5_000), turn("s1", 3_000, 9_000)),
        exclusive=(turn("s0", 1_000, 3_200), turn("s1", 3_200, 9_000)),
    )
    said = words(("I", 2_000, 0), ("no", 3_300, 0), ("well", 4_500, 0))
    report = build_report(
        recording(roles=(), channels=1), [part("asr", 0, said), part("diarization", WHOLE, told)]
    )
    assert [(found.speaker, found.text) for found in report.turns if found.text] == [
        ("s0", "I"),
        ("s1", "no well"),
    ]
    assert [(speaker.id, speaker.talk_ms) for speaker in report.speakers] == [
        ("s0", 4_000),
        ("s1", 6_000),
    ]


def test_speech_shows_even_when_neither_asr_nor_diarization_answered() -> None:
    report = build_report(recording(), [])
    assert [(t.speaker, t.role, t.start_ms, t.end_ms, t.text) for t in report.turns] == [
        ("s0", "agent", 1_000, 31_000, "")
    ]


def test_an_analysis_unknown_here_still_shows_up() -> None:
    class Bark(Findings):
        def classification(self) -> Classification:
            return Classification(label="dog", confidence=0.9, scores={"dog": 0.9, "none": 0.1})

    report = build_report(recording(analyses=("bark",)), [part("bark", 1, Bark())])
    assert [(c.chunk, c.start_ms, c.label) for c in report.classifications["bark"]] == [
        (1, 24_000, "dog")
    ]
    assert report.releases == {"bark": ("bark-1",)}
