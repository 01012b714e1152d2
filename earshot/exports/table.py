"""Reports as a table (CSV): a row a recording, with the columns of the call analytics before."""

import json
from collections.abc import Iterable, Iterator, Mapping

from earshot.analysis.findings import Scores
from earshot.analysis.report.report import Report
from earshot.analysis.report.sections import VoiceSentiment
from earshot.analysis.text_sentiment.sections import Fused, TextSentiment
from earshot.analysis.words.spelling import joined
from earshot.exports.names import one_line

COLUMNS = (
    "file_name",
    "transcription",
    "agent_transcription",
    "client_transcription",
    "agent_text_sentiment",
    "agent_text_confidence",
    "agent_text_probabilities",
    "client_text_sentiment",
    "client_text_confidence",
    "client_text_probabilities",
    "agent_acoustic_sentiment",
    "agent_acoustic_confidence",
    "agent_acoustic_probabilities",
    "client_acoustic_sentiment",
    "client_acoustic_confidence",
    "client_acoustic_probabilities",
    "agent_fusion_sentiment",
    "agent_fusion_confidence",
    "client_fusion_sentiment",
    "client_fusion_confidence",
    "error",
    "topics",
)
ROLES = {"agent": "agent", "client": "customer"}
"""Prefix of a column to the role in reports."""
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""Spreadsheets calculate a cell that begins so."""
BOM = "\ufeff"


def table(reports: Iterable[Report], *, excel: bool = False) -> str:
    """The reports by RFC 4180. A text is in quotes, a number is not, and what is not known is
    nothing between two commas, so that a reader can tell the text ``NA`` from no value.

    Args:
        excel: for spreadsheets: with a byte order mark, and an apostrophe before a text that would
            be calculated.
    """
    return (BOM if excel else "") + "".join(lines(map(row, reports), excel=excel))


def lines(rows: Iterable[Mapping[str, str | float]], *, excel: bool = False) -> Iterator[str]:
    """The lines of the table, its header first, each with its end."""
    yield ",".join(COLUMNS) + "\r\n"
    for values in rows:
        yield ",".join(_cell(values.get(name), excel) for name in COLUMNS) + "\r\n"


def failed_row(file_name: str, code: str, detail: str) -> dict[str, str | float]:
    """The row of a call without a report."""
    return {"file_name": file_name, "error": one_line(f"{code}: {detail}")}


def row(report: Report) -> dict[str, str | float]:
    """Column to value; a column without a source is left out."""
    found: dict[str, str | float] = {
        "file_name": report.recording.file_name,
        "transcription": joined(_said(report)),
    }
    if report.missing:
        reasons = [f"{each.analysis}: {each.code}: {each.detail}" for each in report.missing]
        found["error"] = "; ".join(dict.fromkeys(map(one_line, reasons)))
    if report.topics and report.topics.topics:
        found["topics"] = "; ".join(one_line(topic.label) for topic in report.topics.topics)
    for prefix, role in ROLES.items():
        if any(speaker.role == role for speaker in report.speakers):
            found[f"{prefix}_transcription"] = joined(_said(report, role))
        voices = [each for each in report.sentiment if each.role == role]
        if voices:
            longest = max(voices, key=lambda each: each.speech_ms)
            found |= {f"{prefix}_acoustic_{name}": value for name, value in _voice(longest).items()}
        found |= _of_words(report, prefix, role)
    return found


def _of_words(report: Report, prefix: str, role: str) -> dict[str, str | float]:
    """Columns of text and fusion, of the speaker of that role with most words."""
    texts = report.text_sentiment.speakers if report.text_sentiment else ()
    own = [each for each in texts if each.role == role]
    if not own:
        return {}
    most = max(own, key=lambda each: each.overall.words)
    found = _answer(most.overall, f"{prefix}_text")
    for each in report.fusion.speakers if report.fusion else ():
        if each.speaker == most.speaker:
            fused = _answer(each.overall, f"{prefix}_fusion")
            found |= {key: value for key, value in fused.items() if key in COLUMNS}
    return found


def _answer(answer: TextSentiment | Fused, prefix: str) -> dict[str, str | float]:
    """Nothing without an answer."""
    if answer.label is None or answer.confidence is None:
        return {}
    values = _values(answer.label, answer.confidence, answer.scores)
    return {f"{prefix}_{name}": value for name, value in values.items()}


def _said(report: Report, role: str | None = None) -> Iterable[str]:
    texts = (one_line(turn.text) for turn in report.turns if role in (None, turn.role))
    return (text for text in texts if text)


def _voice(found: VoiceSentiment) -> Mapping[str, str | float]:
    return _values(found.label, found.confidence, found.scores)


def _values(label: str, confidence: float, scores: Scores) -> Mapping[str, str | float]:
    return {
        "sentiment": label,
        "confidence": confidence,
        "probabilities": json.dumps(scores, ensure_ascii=False),
    }


def _cell(value: str | float | None, excel: bool) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        return str(value)
    text = f"'{value}" if excel and value.startswith(FORMULA) else value
    return '"' + text.replace('"', '""') + '"'
