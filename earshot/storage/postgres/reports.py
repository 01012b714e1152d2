"""What a report is made of, read in one snapshot, and the transaction that closes a recording with
it."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from earshot.analysis import events
from earshot.analysis.report.parts import ChunkSpan, Part, RecordingInfo
from earshot.analysis.report.report import Report
from earshot.analysis.states import RecordingState
from earshot.analysis.types import unpack_speech
from earshot.storage import outbox
from earshot.storage.postgres import ledger, recordings
from earshot.storage.postgres.db import Connection
from earshot.storage.postgres.queries import queries
from earshot.storage.postgres.recordings import Recording

SQL = queries("ledger")


@dataclass(frozen=True)
class Merged:
    """An open recording and what is merged of it, as it stood at one moment."""

    recording: Recording
    chunks: list[dict[str, Any]]
    findings: list[dict[str, Any]]
    """Every outcome, of this round and of those before."""

    def info(self) -> RecordingInfo:
        """The recording, as a report names it."""
        chunks = tuple(_span(row) for row in self.chunks if row["index"] >= 0)
        facts = self.recording.model_dump(include=set(RecordingInfo.model_fields) - {"chunks"})
        return RecordingInfo.model_validate({**facts, "chunks": chunks})

    def parts(self) -> list[Part]:
        """The outcomes.

        Raises:
            pydantic.ValidationError: one is not of this schema.
        """
        return [Part.model_validate(row) for row in self.findings]


def read(connection: Connection, recording_id: UUID) -> Merged | None:
    """What the report of the recording is made of, all of one moment and without a lock; None when
    the recording is not open or not complete. To be called outside of any transaction."""
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        recording = recordings.get(connection, recording_id)
        if recording is None or recording.state != RecordingState.ANALYZING:
            return None
        if not ledger.all_merged(connection, recording_id):
            return None
        return of(connection, recording)


def of(connection: Connection, recording: Recording) -> Merged:
    """What is merged of the recording, be it complete or not."""
    chunks, findings = (
        connection.execute(SQL[name], {"id": recording.id}).fetchall()
        for name in ("chunks", "findings")
    )
    return Merged(recording, chunks, findings)


def close(connection: Connection, merged: Merged, report: Report) -> bool:
    """Writes report, segments and the closing event in one transaction, under the recording's row
    lock, if the report is still that of the recording: it is open, in the same round, and complete.
    False, and nothing is written, when it was closed, reopened or deleted since ``read``."""
    recording_id = merged.recording.id
    with connection.transaction():
        row = connection.execute(SQL["lock_recording"], {"id": recording_id}).fetchone()
        still = (RecordingState.ANALYZING, merged.recording.round)
        if row is None or (row["state"], row["round"]) != still:
            return False
        # In one round chunks only become merged, so what was complete is so still; a ledger that
        # says otherwise was changed by other means.
        if not ledger.all_merged(connection, recording_id):
            return False
        connection.execute(SQL["forget_segments"], {"id": recording_id})
        connection.cursor().executemany(SQL["add_segment"], _segments(recording_id, report))
        connection.execute(
            SQL["put_report"], {"id": recording_id, "body": Jsonb(report.model_dump(mode="json"))}
        )
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
