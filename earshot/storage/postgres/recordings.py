"""Stores recordings: registration, content, chunks, state and report."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

from earshot.analysis import events
from earshot.analysis.errors import EarshotError
from earshot.analysis.pii.kinds import Kind
from earshot.analysis.quality import RecordingQuality
from earshot.analysis.request import IngestRequest, kinds_of
from earshot.analysis.roles import RolesSource
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
    tenant: str
    state: RecordingState
    round: int
    request: dict[str, Any]
    file_name: str
    sha256: str | None
    forced: bool
    analyses: tuple[str, ...]
    roles: tuple[str, ...]
    roles_source: RolesSource | None
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

    @property
    def redact(self) -> tuple[Kind, ...]:
        """Kinds of personal data that are removed from it; empty: none."""
        return kinds_of(self.request.get("redact"))

    @property
    def is_withheld(self) -> bool:
        """True while its sound may hold what is to be removed: until it is closed with a report."""
        answered = (RecordingState.COMPLETE, RecordingState.PARTIAL)
        return bool(self.redact) and self.state not in answered


class Progress(Frozen):
    """State of a recording, with counts of the chunks of its present round."""

    id: UUID
    state: RecordingState
    file_name: str
    error_code: str | None
    error_detail: str | None
    chunks_total: int
    chunks_merged: int


class NewChunk(Frozen):
    """A planned chunk, with its detected speech and the analyses that it needs."""

    index: int
    span: Interval
    speech: tuple[Utterance, ...]
    wanted: tuple[str, ...]

    def row(self, recording_id: UUID) -> dict[str, Any]:
        """The parameters of the query that inserts the chunk."""
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
    """Inserts the recording, before any other step. Returns False without any change if the id
    exists.

    Args:
        expected_chunks: number of its chunks, as far as known.

    Raises:
        Permanent: ``deleted``, the recording with that id was deleted.
    """
    stated = request.stated_roles
    row = {
        "id": recording_id,
        "tenant": request.tenant,
        "request": Jsonb(request.model_dump(mode="json")),
        "file_name": request.name,
        "analyses": list(analyses),
        "roles": list(stated.roles if stated else ()),
        "language": language,
        "forced": request.force,
        "expected_chunks": expected_chunks,
    }
    with connection.transaction():
        tombstones.guard(connection, recording_id)
        return connection.execute(SQL["register"], row).rowcount == 1


def redact_more(
    connection: Connection, recording_id: UUID, kinds: Sequence[Kind], analyses: Sequence[str]
) -> bool:
    """Changes the kinds that are removed, and the analyses; False if it is decoded already."""
    args = {"id": recording_id, "kinds": Jsonb(list(kinds)), "analyses": list(analyses)}
    return connection.execute(SQL["redact_more"], args).rowcount == 1


def note_content(connection: Connection, recording_id: UUID, sha256: str) -> None:
    """Stores the digest of the file before it is decoded, which its content might crash."""
    connection.execute(SQL["note_content"], {"id": recording_id, "sha256": sha256})


def claim_content(connection: Connection, recording_id: UUID, roles: Sequence[str]) -> UUID | None:
    """Makes the recording the owner of its stored content, language and channel roles. If another
    recording owns them, stores and returns its id instead (``same_as``).

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
    """The owner of the same content that ``claim_content`` stored, unless it has failed; None
    without one."""
    row = connection.execute(SQL["noted_same"], {"id": recording_id}).fetchone()
    return UUID(str(row["id"])) if row else None


def audio_is_back(connection: Connection, recording_id: UUID, audio: Mapping[int, str]) -> bool:
    """Stores the URLs of audio that was decoded again after its retention; False if the recording
    does not exist."""
    args = {"id": recording_id, "audio": Jsonb({str(rate): uri for rate, uri in audio.items()})}
    return connection.execute(SQL["audio_is_back"], args).rowcount == 1


def store_plan(
    connection: Connection, recording_id: UUID, facts: Mapping[str, Any], chunks: Iterable[NewChunk]
) -> bool:
    """Stores the decoded facts and the chunks in one transaction; the ledger drives the recording
    from then on. False, without any change, if it was closed or deleted meanwhile."""
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
    """Inserts planned chunks, except existing ones; call it inside a transaction."""
    connection.cursor().executemany(SQL["add_chunk"], [chunk.row(recording_id) for chunk in chunks])


def fail(
    connection: Connection,
    recording_id: UUID,
    error: EarshotError,
    open_states: Sequence[RecordingState],
    *,
    of_round: int | None = None,
) -> bool:
    """Closes the recording with the error and its event, and returns True, if it is in one of
    ``open_states`` and, if given, in that round."""
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
    """Deletes a recording with all of its findings."""
    connection.execute(SQL["forget"], {"id": recording_id})


def get(connection: Connection, recording_id: UUID) -> Recording | None:
    """The recording, or None."""
    row = connection.execute(SQL["get"], {"id": recording_id}).fetchone()
    return Recording.model_validate(row) if row else None


def note_export(connection: Connection, recording_id: UUID, host: str, path: str) -> None:
    """Stores the path of an exported file, so that it is deleted with the recording."""
    connection.execute(SQL["note_export"], {"id": recording_id, "host": host, "path": path})


def progress(connection: Connection, ids: Sequence[UUID]) -> dict[UUID, Progress]:
    """Progress of each recording; unknown ids are absent."""
    rows = connection.execute(SQL["progress"], {"ids": list(ids)}).fetchall()
    return {row["id"]: Progress.model_validate(row) for row in rows}


def report(connection: Connection, recording_id: UUID) -> dict[str, Any] | None:
    """The JSON of the report; None if it does not exist yet."""
    row = connection.execute(SQL["report"], {"id": recording_id}).fetchone()
    return row["body"] if row else None
