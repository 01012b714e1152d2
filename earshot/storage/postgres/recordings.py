"""Recordings: registered, claimed by their content, planned into chunks, read back."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

from earshot.analysis import events
from earshot.analysis.errors import EarshotError
from earshot.analysis.quality import RecordingQuality
from earshot.analysis.request import IngestRequest
from earshot.analysis.states import RecordingState
from earshot.analysis.types import Frozen, Interval, Utterance, pack_speech
from earshot.storage import outbox
from earshot.storage.postgres import tombstones
from earshot.storage.postgres.db import Connection
from earshot.storage.postgres.queries import queries

SQL = queries("recordings")


class Recording(Frozen):
    """One row of ``recording``; the audio fields are empty until it is decoded."""

    id: UUID
    state: RecordingState
    round: int
    request: dict[str, Any]
    file_name: str
    sha256: str | None
    forced: bool
    analyses: tuple[str, ...]
    roles: tuple[str, ...]
    language: str
    duration_ms: int | None
    channels: int | None
    native_rate: int | None
    container: str | None
    codec: str | None
    dual_mono: bool
    audio: dict[int, str]
    notes: tuple[str, ...]
    quality: RecordingQuality | None
    error_code: str | None
    error_detail: str | None
    created_at: datetime
    finished_at: datetime | None


class Progress(Frozen):
    """How far a recording has come."""

    id: UUID
    state: RecordingState
    file_name: str
    error_code: str | None
    error_detail: str | None
    chunks_total: int
    chunks_merged: int


class NewChunk(Frozen):
    """One planned chunk, the speech heard in it, and the analyses that it is cut for."""

    index: int
    span: Interval
    speech: tuple[Utterance, ...]
    wanted: tuple[str, ...]

    def row(self, recording_id: UUID) -> dict[str, Any]:
        place = {"recording_id": recording_id, "index": self.index, **self.span.model_dump()}
        return {**place, "speech": Jsonb(pack_speech(self.speech)), "wanted": list(self.wanted)}


def register(
    connection: Connection,
    recording_id: UUID,
    request: IngestRequest,
    analyses: Sequence[str],
    language: str,
    expected_chunks: int = 1,
) -> bool:
    """Writes the recording down before anything else happens. Returns False, and changes nothing,
    where one has that id.

    Args:
        expected_chunks: how many it will become, as far as that is known.

    Raises:
        Permanent: ``deleted``, one that had that id was deleted.
    """
    row = {
        "id": recording_id,
        "request": Jsonb(request.model_dump(mode="json")),
        "file_name": request.name,
        "analyses": list(analyses),
        "roles": list(request.roles or ()),
        "language": language,
        "forced": request.force,
        "expected_chunks": expected_chunks,
    }
    with connection.transaction():
        tombstones.guard(connection, recording_id)
        return connection.execute(SQL["register"], row).rowcount == 1


def note_content(connection: Connection, recording_id: UUID, sha256: str) -> None:
    """Writes down what the file holds, before anything opens it that its bytes may end."""
    connection.execute(SQL["note_content"], {"id": recording_id, "sha256": sha256})


def claim_content(connection: Connection, recording_id: UUID, roles: Sequence[str]) -> UUID | None:
    """Makes the recording the owner of its noted content in its language with these roles of the
    channels. Returns the present owner's id, and only notes that (``same_as``), when there is one.

    Raises:
        Permanent: ``deleted``, the recording was deleted meanwhile.
    """
    claim = {"id": recording_id, "roles": list(roles)}
    try:
        if connection.execute(SQL["claim_content"], claim).rowcount == 0:
            raise tombstones.deleted()
    except psycopg.errors.UniqueViolation:
        owner = connection.execute(SQL["same_content"], claim).fetchone()
        if owner is None:  # the owner failed or was deleted between the two statements
            return claim_content(connection, recording_id, roles)
        connection.execute(SQL["note_same"], {"id": recording_id, "same_as": owner["id"]})
        return UUID(str(owner["id"]))
    return None


def same_as(connection: Connection, recording_id: UUID) -> UUID | None:
    """Whose content ``claim_content`` found the recording to have, while that one has not failed;
    None where there is none."""
    row = connection.execute(SQL["noted_same"], {"id": recording_id}).fetchone()
    return UUID(str(row["id"])) if row else None


def audio_is_back(connection: Connection, recording_id: UUID, audio: Mapping[int, str]) -> bool:
    """Notes that audio which was removed for its age is stored again; False where there is no such
    recording."""
    args = {"id": recording_id, "audio": Jsonb({str(rate): uri for rate, uri in audio.items()})}
    return connection.execute(SQL["audio_is_back"], args).rowcount == 1


def store_plan(
    connection: Connection, recording_id: UUID, facts: Mapping[str, Any], chunks: Iterable[NewChunk]
) -> bool:
    """Decoded facts and chunks in one transaction; from here on the ledger drives the recording.
    False, and nothing is stored, when it was closed or deleted meanwhile."""
    with connection.transaction():
        row = {
            **facts,
            "id": recording_id,
            "audio": Jsonb(facts["audio"]),
            "quality": Jsonb(facts["quality"]),
        }
        stored = connection.execute(SQL["store_audio"], row).rowcount == 1
        if stored:
            add_chunks(connection, recording_id, chunks)
    return stored


def add_chunks(connection: Connection, recording_id: UUID, chunks: Iterable[NewChunk]) -> None:
    """Adds planned chunks, those left out that are there; to be called inside a transaction."""
    connection.cursor().executemany(SQL["add_chunk"], [chunk.row(recording_id) for chunk in chunks])


def fail(
    connection: Connection,
    recording_id: UUID,
    error: EarshotError,
    open_states: Sequence[RecordingState],
    *,
    of_round: int | None = None,
) -> bool:
    """Closes the recording with the reason and its event, if it is in one of ``open_states``, and
    in that round where one is named; returns whether it was."""
    args = {
        "id": recording_id,
        "code": error.code,
        "detail": str(error),
        "open_states": list(open_states),
        "round": of_round,
    }
    with connection.transaction():
        closed = connection.execute(SQL["fail"], args).fetchone()
        if closed is not None:
            event = events.failed(
                recording_id, closed["file_name"], error.code, str(error), closed["round"]
            )
            outbox.add(connection, [event])
    return closed is not None


def forget(connection: Connection, recording_id: UUID) -> None:
    """Deletes a recording with all that was found about it."""
    connection.execute(SQL["forget"], {"id": recording_id})


def get(connection: Connection, recording_id: UUID) -> Recording | None:
    """The recording, or None."""
    row = connection.execute(SQL["get"], {"id": recording_id}).fetchone()
    return Recording.model_validate(row) if row else None


def note_export(connection: Connection, recording_id: UUID, host: str, path: str) -> None:
    """Notes that the recording's report was written to a file, so that it can be deleted with
    it."""
    connection.execute(SQL["note_export"], {"id": recording_id, "host": host, "path": path})


def progress(connection: Connection, ids: Sequence[UUID]) -> dict[UUID, Progress]:
    """How far each recording has come; ids without a row are absent."""
    rows = connection.execute(SQL["progress"], {"ids": list(ids)}).fetchall()
    return {row["id"]: Progress.model_validate(row) for row in rows}


def report(connection: Connection, recording_id: UUID) -> dict[str, Any] | None:
    """The report's JSON, or None while there is none."""
    row = connection.execute(SQL["report"], {"id": recording_id}).fetchone()
    return row["body"] if row else None
