"""The content of files with reports in each format of exports."""

from collections.abc import Mapping, Sequence
from typing import Any

from earshot.analysis.printable import json_text
from earshot.analysis.report.report import Report
from earshot.exports.aws import call_analytics
from earshot.exports.cues import cues
from earshot.exports.kinds import Format
from earshot.exports.names import speaker_names
from earshot.exports.parquet import parquet
from earshot.exports.rttm import rttm
from earshot.exports.subtitles import srt, vtt
from earshot.exports.table import table
from earshot.exports.textgrid import textgrid
from earshot.exports.transcript import transcript


def exported(bodies: Sequence[Mapping[str, Any]], format_: Format, *, excel: bool = False) -> bytes:
    """The content of a file with these reports; text is UTF-8.

    Args:
        bodies: JSON of the reports: one, or several where the format is among ``JOINED``.
        excel: as in ``table``, for CSV alone.

    Raises:
        pydantic.ValidationError: a body is not a report of this version.
        Misconfigured: the package that writes the format is not installed.
    """
    if format_ == "json":
        return "".join(f"{json_text(body, indent=2)}\n" for body in bodies).encode()
    reports = [Report.model_validate(body) for body in bodies]
    if format_ == "parquet":
        return parquet(reports)
    if format_ == "csv":
        return table(reports, excel=excel).encode()
    return "".join(_text(report, format_) for report in reports).encode()


def _text(report: Report, format_: Format) -> str:
    if format_ == "aws":
        return json_text(call_analytics(report), indent=2) + "\n"
    if format_ in ("srt", "vtt"):
        shown = cues(report.turns, speaker_names(report))
        return srt(shown) if format_ == "srt" else vtt(shown)
    return {"txt": transcript, "rttm": rttm, "textgrid": textgrid}[format_](report)
