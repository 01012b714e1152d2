"""Reports as a Parquet file: a row a call, with its turns as a list. Needs pyarrow (the extra
``parquet``)."""

import json
from collections.abc import Iterable
from io import BytesIO
from typing import Any

from earshot.analysis.errors import Misconfigured
from earshot.analysis.report.report import SCHEMA_VERSION, Report
from earshot.analysis.report.sections import Turn
from earshot.exports.names import speaker_names
from earshot.exports.table import COLUMNS, row

VERSION = "1.0"
"""Of the columns; grows as that of the report does."""


def parquet(reports: Iterable[Report]) -> bytes:
    """The file. Its metadata has ``earshot.parquet_version`` and ``earshot.report_version``.

    Raises:
        Misconfigured: pyarrow is not installed.
    """
    try:
        import pyarrow
        from pyarrow import parquet as files
    except ImportError as error:
        raise Misconfigured(
            "extra", "Parquet needs pyarrow: pip install -r requirements/parquet.txt"
        ) from error
    rows = [_row(report) for report in reports]
    text, number, ms = pyarrow.string(), pyarrow.float64(), pyarrow.int64()
    turn = pyarrow.struct(
        {
            "id": text,
            "start_ms": ms,
            "end_ms": ms,
            "channel": pyarrow.int32(),
            "speaker": text,
            "speaker_name": text,
            "role": text,
            "text": text,
            "confidence": number,
            "emotion": text,
            "emotion_confidence": number,
            "sentiment": text,
            "sentiment_confidence": number,
        }
    )
    numbers = {name for name in COLUMNS if name.endswith("_confidence")}
    schema = pyarrow.schema(
        {
            "recording_id": text,
            "created_at": pyarrow.timestamp("us", tz="UTC"),
            "status": text,
            "sha256": text,
            "duration_ms": ms,
            "language": text,
            **{name: number if name in numbers else text for name in COLUMNS},
            "turns": pyarrow.list_(turn),
            "report": text,
        },
        metadata={
            "earshot.parquet_version": VERSION,
            "earshot.report_version": SCHEMA_VERSION,
        },
    )
    out = BytesIO()
    files.write_table(pyarrow.Table.from_pylist(rows, schema=schema), out, compression="zstd")
    return out.getvalue()


def _row(report: Report) -> dict[str, Any]:
    names, facts = speaker_names(report), report.recording
    return {
        "recording_id": str(facts.id),
        "created_at": facts.created_at,
        "status": report.status,
        "sha256": facts.sha256,
        "duration_ms": facts.duration_ms,
        "language": report.transcript_language or facts.language,
        **row(report),
        "turns": [_turn(turn, names.get(turn.speaker)) for turn in report.turns],
        "report": json.dumps(report.model_dump(mode="json"), ensure_ascii=False),
    }


def _turn(turn: Turn, name: str | None) -> dict[str, Any]:
    found: dict[str, Any] = turn.model_dump(
        include={"id", "start_ms", "end_ms", "channel", "speaker", "role", "text", "confidence"}
    )
    for field in ("emotion", "sentiment"):
        answer = getattr(turn, field)
        found[field] = answer.label if answer else None
        found[f"{field}_confidence"] = answer.confidence if answer else None
    return {**found, "speaker_name": name}
