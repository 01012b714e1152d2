"""Reads the data of a report in one snapshot, and closes a recording with its report in one
transaction."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from earshot.analysis import events
from earshot.analysis.corrections.layer import corrected
from earshot.analysis.report.parts import ChunkSpan, Part, RecordingInfo
from earshot.analysis.report.report import Report
from earshot.analysis.states import RecordingState
from earshot.analysis.types import unpack_speech
from earshot.storage import outbox
from earshot.storage.postgres import corrections, ledger, recordings
from earshot.storage.postgres.db import Connection
from earshot.storage.postgres.queries import queries
from earshot.storage.postgres.recordings import Recording
from earshot.storage.rules import matches

SQL = queries("ledger")


@dataclass(frozen=True)
class Merged:
    """A snapshot of an open recording and its merged findings."""

    recording: Recording
    chunks: list[dict[str, Any]]
    findings: list[dict[str, Any]]
    """Every outcome, of this and earlier rounds."""

    def info(self) -> RecordingInfo:
        """The recording in the form that a report contains."""
        chunks = tuple(_span(row) for row in self.chunks if row["index"] >= 0)
        facts = self.recording.model_dump(include=set(RecordingInfo.model_fields) - {"chunks"})
        return RecordingInfo.model_validate({**facts, "chunks": chunks})

    def parts(self) -> list[Part]:
        """The outcomes in the form that a report is built from.

        Raises:
            pydantic.ValidationError: an outcome does not fit the schema.
        """
        return [Part.model_validate(row) for row in self.findings]


def read(connection: Connection, recording_id: UUID) -> Merged | None:
    """Reads the data of the recording's report in one snapshot, without a lock; None if the
    recording is not open or not complete. Call it outside of any transaction."""
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        recording = recordings.get(connection, recording_id)
        if recording is None or recording.state != RecordingState.ANALYZING:
            return None
        if not ledger.all_merged(connection, recording_id):
            return None
        return of(connection, recording)


def of(connection: Connection, recording: Recording) -> Merged:
    """Reads the merged findings of the recording, which may be incomplete."""
    chunks, findings = (
        connection.execute(SQL[name], {"id": recording.id}).fetchall()
        for name in ("chunks", "findings")
    )
    return Merged(recording, chunks, findings)


def replace(connection: Connection, recording_id: UUID, changed: Iterable[Part]) -> None:
    """Stores the outcomes of these parts in place of their earlier ones."""
    rows = [
        {
            "id": recording_id,
            "chunk": part.chunk,
            "analysis": part.analysis,
            "outcome": Jsonb(part.outcome.model_dump(mode="json")),
        }
        for part in changed
    ]
    connection.cursor().executemany(SQL["replace_outcome"], rows)


def close(connection: Connection, merged: Merged, report: Report) -> bool:
    """Writes report, segments and the closing event in one transaction, under the recording's row
    lock, if the recording is still open, in the same round, and complete. False, without any
    change, if it was closed, reopened or deleted since ``read``."""
    recording_id = merged.recording.id
    with connection.transaction():
        row = connection.execute(SQL["lock_recording"], {"id": recording_id}).fetchone()
        still = (RecordingState.ANALYZING, merged.recording.round)
        if row is None or (row["state"], row["round"]) != still:
            return False
        # Within a round a complete recording stays complete, unless the ledger was changed by other
        # means.
        if not ledger.all_merged(connection, recording_id):
            return False
        connection.execute(SQL["forget_segments"], {"id": recording_id})
        connection.execute(
            SQL["put_report"], {"id": recording_id, "body": Jsonb(report.model_dump(mode="json"))}
        )
        shown = _corrected(connection, recording_id, report)
        rows = [corrections.segment(recording_id, turn) for turn in shown.turns]
        connection.cursor().executemany(SQL["add_segment"], rows)
        corrections.put_filters(connection, recording_id, report, shown)
        matches.judge(connection, recording_id, shown.model_dump(mode="json"))
        connection.execute(SQL["close_recording"], {"id": recording_id, "state": report.status})
        closed = events.completed(
            recording_id,
            report.status,
            merged.recording.file_name,
            report.recording.duration_ms,
            merged.recording.round,
        )
        outbox.add(connection, [closed])
    return True


def _span(row: dict[str, Any]) -> ChunkSpan:
    speech = unpack_speech(row["speech"])
    return ChunkSpan(
        index=row["index"], start_ms=row["start_ms"], end_ms=row["end_ms"], speech=speech
    )


def parts(connection: Connection, recording_id: UUID) -> list[Part]:
    """Every merged outcome of the recording."""
    rows = connection.execute(SQL["findings"], {"id": recording_id}).fetchall()
    return [Part.model_validate(row) for row in rows]


def _corrected(connection: Connection, recording_id: UUID, report: Report) -> Report:
    """With the corrections that earlier rounds left."""
    found = corrections.read(connection, recording_id)
    return corrected(report, found.corrections, found.version) if found else report
