"""Exports are read back by readers of others, whatever the content."""

import csv
import html
import io
import re
from pathlib import Path

import pandas
import pysubs2
import pytest
import webvtt
from praatio import textgrid as praat
from pyannote.database.util import load_rttm

from earshot.analysis.report.report import Report
from earshot.exports.cues import LINE, LINES, cues
from earshot.exports.formats import exported
from earshot.exports.kinds import Format
from earshot.exports.names import one_line, speaker_names
from earshot.exports.spoken import spoken_words
from earshot.exports.table import COLUMNS
from tests.subtitles import read_srt, read_vtt
from tests.unit.exports.calls import CALLS

each_call = pytest.mark.parametrize("report", CALLS.values(), ids=CALLS.keys())


def text_of(report: Report, format_: Format) -> str:
    return exported([report.model_dump(mode="json")], format_).decode()


def letters(report: Report) -> str:
    """Everything that was said, in the order of its cues, without blanks."""
    return "".join("".join(cue.lines) for cue in cues(report.turns, {})).replace(" ", "")


@each_call
def test_cues_hold_every_word_in_bounded_lines(report: Report) -> None:
    shown = cues(report.turns, speaker_names(report))
    said = [one_line(word.text) for turn in report.turns for word in spoken_words(turn)]
    assert sorted(letters(report)) == sorted("".join(said).replace(" ", ""))
    for cue in shown:
        assert 1 <= len(cue.lines) <= LINES
        assert all(0 < len(line) <= LINE for line in cue.lines)


@each_call
def test_pysubs2_reads_subrip(report: Report) -> None:
    text = text_of(report, "srt")
    read_srt(text)
    found = pysubs2.SSAFile.from_string(text, format_="srt") if text else []
    shown = cues(report.turns, {})
    assert [(each.start, each.end) for each in found] == [(c.start_ms, c.end_ms) for c in shown]
    assert [each.text.replace("\u2060", "").replace("\\N", "\n") for each in found] == [
        "\n".join(cue.lines).replace("-->", "->") for cue in shown
    ]


@each_call
def test_webvtt_py_reads_webvtt(report: Report) -> None:
    text = text_of(report, "vtt")
    read_vtt(text)
    found = webvtt.from_string(text).captions
    shown = cues(report.turns, speaker_names(report))
    assert [(each.start_in_seconds, each.end_in_seconds) for each in found] == [
        (cue.start_ms // 1000, cue.end_ms // 1000) for cue in shown
    ]
    assert [html.unescape(each.voice) for each in found] == [cue.speaker for cue in shown]
    assert [html.unescape(each.text) for each in found] == ["\n".join(c.lines) for c in shown]


@each_call
def test_praat_tiers_cover_the_recording(report: Report, tmp_path: Path) -> None:
    file = tmp_path / "call.TextGrid"
    file.write_text(text_of(report, "textgrid"), encoding="utf-8")
    grid = praat.openTextgrid(str(file), includeEmptyIntervals=True, duplicateNamesMode="error")
    length = report.recording.duration_ms / 1000
    assert (grid.minTimestamp, grid.maxTimestamp) == (0, length)
    for tier in grid.tiers:
        edges = [0.0, *(entry.end for entry in tier.entries)]
        assert [entry.start for entry in tier.entries] == edges[:-1]
        assert edges[-1] == length
        assert all(entry.start < entry.end for entry in tier.entries)
    names = speaker_names(report)
    for speaker, name in names.items():
        own = [turn for turn in report.turns if turn.speaker == speaker]
        assert labels(grid, name) == "".join(one_line(turn.text) for turn in own).replace(" ", "")
        words = [word for turn in own if turn.words for word in spoken_words(turn)]
        title = f"{name} - words"
        assert (title in grid.tierNames) == bool(words)
        if words:
            assert labels(grid, title) == "".join(word.text for word in words).replace(" ", "")
    assert grid.tiers


def labels(grid: praat.Textgrid, name: str) -> str:
    entries = grid.getTier(name).entries
    return "".join(entry.label for entry in entries).replace(" ", "")


@each_call
def test_pyannote_reads_who_spoke_when(report: Report, tmp_path: Path) -> None:
    file = tmp_path / "call.rttm"
    file.write_text(text_of(report, "rttm"), encoding="utf-8")
    spoken = {
        (turn.speaker, ms) for turn in report.turns for ms in range(turn.start_ms, turn.end_ms, 100)
    }
    strict(file.read_text(encoding="utf-8"))
    if not spoken:
        assert file.read_text(encoding="utf-8") == ""
        return
    [(uri, found)] = load_rttm(str(file)).items()
    assert not re.search(r"\s", uri)
    tracks = list(found.itertracks(yield_label=True))
    assert len({label for _, _, label in tracks}) == len({speaker for speaker, _ in spoken})
    assert {
        (label, ms)
        for segment, _, label in tracks
        for ms in range(round(segment.start * 1000), round(segment.end * 1000), 100)
    } == {(token_of(file, report, speaker), ms) for speaker, ms in spoken}


def token_of(file: Path, report: Report, speaker: str) -> str:
    """What stands for the speaker in the file: the order of first appearance is the same."""
    shown = dict.fromkeys(line.split()[7] for line in file.read_text("utf-8").splitlines())
    turns = sorted(report.turns, key=lambda turn: (turn.start_ms, turn.end_ms))
    order = dict.fromkeys(turn.speaker for turn in turns if turn.end_ms > turn.start_ms)
    return dict(zip(order, shown, strict=True))[speaker]


LINE_OF_RTTM = re.compile(
    r"SPEAKER \S+ [1-9]\d* \d+\.\d{3} \d+\.\d{3} <NA> <NA> [^\s\"'<>/;]+ <NA> <NA>"
)


def strict(text: str) -> None:
    """By the table of the Rich Transcription evaluation plan: ten fields, durations above 0, onsets
    in order, and no stretch of a speaker within another one."""
    ends: dict[tuple[str, str], float] = {}
    onsets = []
    for line in text.splitlines():
        assert LINE_OF_RTTM.fullmatch(line), line
        _, _, channel, onset, duration, _, _, name, _, _ = line.split(" ")
        assert float(duration) > 0
        assert float(onset) > ends.get((channel, name), -1)
        ends[channel, name] = float(onset) + float(duration)
        onsets.append(float(onset))
    assert onsets == sorted(onsets)


@each_call
def test_pandas_reads_the_table(report: Report) -> None:
    text = text_of(report, "csv")
    found = pandas.read_csv(io.StringIO(text), keep_default_na=False)
    assert tuple(found.columns) == COLUMNS
    assert len(found) == 1
    assert found.loc[0, "file_name"] == report.recording.file_name
    said = "".join(one_line(turn.text) for turn in report.turns).replace(" ", "")
    assert found.loc[0, "transcription"].replace(" ", "") == said
    [row] = csv.DictReader(io.StringIO(text), strict=True)
    assert row["file_name"] == report.recording.file_name


@each_call
def test_the_transcript_has_a_line_a_turn(report: Report) -> None:
    lines = text_of(report, "txt").splitlines()
    written = [turn for turn in report.turns if turn.text]
    names = speaker_names(report)
    assert len(lines) == len(written)
    for line, turn in zip(lines, written, strict=True):
        assert re.match(r"\[\d+:\d\d\] ", line)
        assert line.endswith(f" {names[turn.speaker]}: {one_line(turn.text)}")


@each_call
def test_json_is_the_report(report: Report) -> None:
    assert Report.model_validate_json(text_of(report, "json")) == report
