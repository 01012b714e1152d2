"""What exports of a known call contain, letter by letter."""

import csv
import io
import json

import pandas
import pytest

from earshot.analysis.report.sections import Missing, VoiceSentiment
from earshot.exports.names import speaker_names
from earshot.exports.rttm import rttm, token
from earshot.exports.table import COLUMNS, table
from earshot.exports.textgrid import Span, covering, textgrid
from earshot.exports.transcript import transcript
from tests.unit.exports.calls import SILENT, UNWRITTEN, report, speaker, turn

SCORES = {"negative": 0.7, "neutral": 0.2, "positive": 0.1}
CALL = report(
    [
        turn(0, "good morning", 500, 2_000, None, 0, "agent"),
        turn(1, "NA", 3_000, 3_500, None, 1, "customer"),
        turn(2, "pardon?", 3_500, 4_000, None, 0, "agent"),
        turn(3, 'I said, "NA"', 3_723_000, 3_725_000, None, 1, "customer"),
    ],
    [speaker(0, None, "agent"), speaker(1, "Bo Li", "customer")],
    "call 7.wav",
    duration_ms=3_726_000,
    sentiment=(
        VoiceSentiment(
            label="negative",
            confidence=0.7,
            scores=SCORES,
            role="customer",
            speaker="s1",
            speech_ms=2_500,
        ),
    ),
    missing=(
        Missing(analysis="asr", chunk=2, code="worker_lost", detail="it was killed"),
        Missing(analysis="asr", chunk=3, code="worker_lost", detail="it was killed"),
    ),
)


def test_a_transcript_has_times_and_speakers() -> None:
    assert transcript(CALL).splitlines() == [
        "[0:00] Agent: good morning",
        "[0:03] Bo Li: NA",
        "[0:03] Agent: pardon?",
        '[1:02:03] Bo Li: I said, "NA"',
    ]
    assert transcript(SILENT) == ""


def test_names_are_given_or_the_role_or_a_number_and_never_the_same() -> None:
    speakers = [
        speaker(0, "Anna"),
        speaker(1, " Anna\n"),
        speaker(2, "Anna (s1)"),
        speaker(3, None, "agent"),
        speaker(4, None, "customer"),
        speaker(5, None, "customer"),
        speaker(6),
    ]
    assert list(speaker_names(report([], speakers)).values()) == [
        "Anna",
        "Anna (s1)",
        "Anna (s1) (s2)",
        "Agent",
        "Customer, speaker 5",
        "Customer, speaker 6",
        "Speaker 7",
    ]


def test_rttm_has_a_line_a_stretch_with_channels_from_one() -> None:
    assert rttm(CALL).splitlines() == [
        "SPEAKER call_7 1 0.500 1.500 <NA> <NA> Agent <NA> <NA>",
        "SPEAKER call_7 2 3.000 0.500 <NA> <NA> Bo_Li <NA> <NA>",
        "SPEAKER call_7 1 3.500 0.500 <NA> <NA> Agent <NA> <NA>",
        "SPEAKER call_7 2 3723.000 2.000 <NA> <NA> Bo_Li <NA> <NA>",
    ]
    joined = [turn(0, "a", 0, 900), turn(1, "b", 500, 2_000), turn(2, "c", 2_000, 2_100)]
    inner = turn(3, "d", 600, 700, None, 1)
    assert rttm(report([*joined, inner], [speaker(0, "A B"), speaker(1, "A_B")])).splitlines() == [
        "SPEAKER call 1 0.000 2.100 <NA> <NA> A_B <NA> <NA>",
        "SPEAKER call 2 0.600 0.100 <NA> <NA> A_B_s1 <NA> <NA>",
    ]


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("Anna  O'Neill", "Anna_O_Neill"),
        (' "x"\t', "x"),
        ("<NA>", "s0"),
        ("null", "s0"),
        ("; #", "s0"),
        ("मीरा", "मीरा"),
        ("a\u00a0b\u2028c\x1bd", "a_b_c_d"),
        ("../_x__y-1.2", "..__x__y-1.2"),
    ],
)
def test_a_token_is_safe(text: str, made: str) -> None:
    assert token(text, "s0") == made


def test_intervals_cover_the_time_and_lose_no_text() -> None:
    assert covering([], 10) == [Span(0, 10, "")]
    assert covering([Span(2, 6, "a"), Span(4, 8, "b"), Span(5, 5, "c")], 10) == [
        Span(0, 2, ""),
        Span(2, 6, "a"),
        Span(6, 8, "b c"),
        Span(8, 10, ""),
    ]
    assert covering([Span(10, 10, "end")], 10) == [Span(0, 9, ""), Span(9, 10, "end")]
    assert covering([Span(0, 4, "a"), Span(4, 4, "b"), Span(6, 9, "c")], 10) == [
        Span(0, 4, "a"),
        Span(4, 5, "b"),
        Span(5, 6, ""),
        Span(6, 9, "c"),
        Span(9, 10, ""),
    ]


def test_a_textgrid_is_in_the_long_format() -> None:
    assert textgrid(report([turn(0, 'say "a"', 1_000, 2_500)], [speaker(0)])) == (
        'File type = "ooTextFile"\n'
        'Object class = "TextGrid"\n'
        "\n"
        "xmin = 0\n"
        "xmax = 60.000\n"
        "tiers? <exists>\n"
        "size = 1\n"
        "item []:\n"
        "    item [1]:\n"
        '        class = "IntervalTier"\n'
        '        name = "Speaker 1"\n'
        "        xmin = 0\n"
        "        xmax = 60.000\n"
        "        intervals: size = 3\n"
        "        intervals [1]:\n"
        "            xmin = 0\n"
        "            xmax = 1.000\n"
        '            text = ""\n'
        "        intervals [2]:\n"
        "            xmin = 1.000\n"
        "            xmax = 2.500\n"
        '            text = "say ""a"""\n'
        "        intervals [3]:\n"
        "            xmin = 2.500\n"
        "            xmax = 60.000\n"
        '            text = ""\n'
    )


def test_the_columns_are_those_of_the_requirement() -> None:
    """002-61: exactly these, in this order."""
    assert ", ".join(COLUMNS) == (
        "file_name, transcription, agent_transcription, client_transcription,"
        " agent_text_sentiment, agent_text_confidence, agent_text_probabilities,"
        " client_text_sentiment, client_text_confidence, client_text_probabilities,"
        " agent_acoustic_sentiment, agent_acoustic_confidence, agent_acoustic_probabilities,"
        " client_acoustic_sentiment, client_acoustic_confidence, client_acoustic_probabilities,"
        " agent_fusion_sentiment, agent_fusion_confidence, client_fusion_sentiment,"
        " client_fusion_confidence, error, topics"
    )


def test_a_row_has_what_the_report_knows() -> None:
    [row] = csv.DictReader(io.StringIO(table([CALL])), strict=True)
    assert {name: value for name, value in row.items() if value} == {
        "file_name": "call 7.wav",
        "transcription": 'good morning NA pardon? I said, "NA"',
        "agent_transcription": "good morning pardon?",
        "client_transcription": 'NA I said, "NA"',
        "client_acoustic_sentiment": "negative",
        "client_acoustic_confidence": "0.7",
        "client_acoustic_probabilities": json.dumps(SCORES),
        "error": "asr: worker_lost: it was killed",
    }


def test_a_text_is_no_missing_value() -> None:
    """A customer who says nothing but `null` is not one who says nothing."""
    calls = [
        report([turn(0, text, 0, 900, None, 0, "customer")], [speaker(0, None, "customer")])
        for text in ("NA", "null", "007", "")
    ]
    text = table(calls)
    found = pandas.read_csv(io.StringIO(text), keep_default_na=False, dtype=str)
    assert list(found["client_transcription"]) == ["NA", "null", "007", ""]
    assert text.count('"",') == 2  # written as a text, beside empty cells without quotes
    assert ',"",""' not in table([UNWRITTEN])


@pytest.mark.parametrize("begin", ["=", "+", "-", "@"])
def test_spreadsheets_calculate_no_cell(begin: str) -> None:
    said = f"{begin}1+1"
    call = report([turn(0, said, 0, 900, None, 0, "agent")], [speaker(0, None, "agent")], said)
    plain, guarded = table([call]), table([call], excel=True)
    assert plain.startswith(f'{",".join(COLUMNS)}\r\n"{said}","{said}","{said}",,')
    assert guarded.startswith("\ufefffile_name,")
    assert f'\r\n"\'{said}","\'{said}","\'{said}",,' in guarded


def test_a_control_character_begins_no_formula() -> None:
    guarded = table([report([], [], "\t=1.wav"), report([], [], "\r=1.wav")], excel=True)
    assert '"\'\t=1.wav"' in guarded
    assert '"\'\r=1.wav"' in guarded


def test_several_recordings_are_one_table() -> None:
    found = pandas.read_csv(io.StringIO(table([CALL, SILENT])), keep_default_na=False)
    assert list(found["file_name"]) == ["call 7.wav", "call.wav"]
