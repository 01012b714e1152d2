"""Reports: everything merged about a recording, read together, fused and stored once."""

from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from earshot.analysis import events
from earshot.analysis.report.parts import ChunkSpan, Part, RecordingInfo
from earshot.analysis.report.report import Report, build_report
from earshot.analysis.types import WHOLE, Utterance
from earshot.storage import outbox
from earshot.storage.postgres import ledger, recordings
from earshot.storage.postgres.db import Connection
from earshot.storage.postgres.queries import queries
from earshot.storage.postgres.recordings import Recording

SQL = queries("ledger")


def finalize(connection: Connection, recording_id: UUID) -> bool:
    """Writes report, segments and the closing event in one transaction, under the recording's row
    lock. Returns False, and does nothing, when the recording is not open or not complete."""
    with connection.transaction():
        state = connection.execute(SQL["lock_recording"], {"id": recording_id}).fetchone()
        complete = ledger.all_merged(connection, recording_id)
        recording = recordings.get(connection, recording_id)
        if recording is None or not state or state["state"] != "analyzing" or not complete:
            return False
        report = build_report(_info(connection, recording), parts(connection, recording_id))
        connection.execute(SQL["forget_segments"], {"id": recording_id})
        connection.cursor().executemany(SQL["add_segment"], _segments(recording_id, report))
        connection.execute(
            SQL["put_report"], {"id": recording_id, "body": Jsonb(report.model_dump(mode="json"))}
        )
        connection.execute(SQL["close_recording"], {"id": recording_id, "state": report.status})
        duration_ms = report.recording.duration_ms
        closed = events.completed(
            recording_id, report.status, recording.file_name, duration_ms, state["round"]
        )
        outbox.add(connection, [closed])
    return True


def _info(connection: Connection, recording: Recording) -> RecordingInfo:
    rows = connection.execute(SQL["chunks"], {"id": recording.id}).fetchall()
    chunks = tuple(_span(row) for row in rows if row["index"] != WHOLE)
    facts = recording.model_dump(include=set(RecordingInfo.model_fields) - {"chunks"})
    return RecordingInfo.model_validate({**facts, "chunks": chunks})


def _span(row: dict[str, Any]) -> ChunkSpan:
    speech = tuple(
        Utterance(channel=channel, start_ms=start, end_ms=end)
        for channel, start, end in row["speech"]
    )
    return ChunkSpan(
        index=row["index"], start_ms=row["start_ms"], end_ms=row["end_ms"], speech=speech
    )


def parts(connection: Connection, recording_id: UUID) -> list[Part]:
    """Every outcome of the recording that was merged."""
    rows = connection.execute(SQL["findings"], {"id": recording_id}).fetchall()
    return [Part.model_validate(row) for row in rows]


def _segments(recording_id: UUID, report: Report) -> list[dict[str, Any]]:
    return [
        {
            "recording_id": recording_id,
            "index": index,
            **turn.model_dump(include={"start_ms", "end_ms", "channel", "speaker", "role", "text"}),
            "emotion": Jsonb(turn.emotion.model_dump(mode="json")) if turn.emotion else None,
        }
        for index, turn in enumerate(report.turns)
    ]
