"""Uploads that come in pieces: how far each is, and who may write it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from earshot.analysis.request import IngestRequest
from earshot.analysis.types import Frozen
from earshot.storage.postgres.db import Connection
from earshot.storage.postgres.queries import queries

SQL = queries("uploads")


class Upload(Frozen):
    """One upload. Sizes are bytes."""

    id: UUID
    request: IngestRequest
    uri: str
    length: int
    reach: int
    """Bytes that are stored."""
    expires_at: datetime
    recording_id: UUID | None
    multipart: str | None
    """Id of the multipart upload of an S3 store."""

    @property
    def complete(self) -> bool:
        return self.reach == self.length


def add(
    connection: Connection, upload_id: UUID, request: IngestRequest, length: int,
    *, multipart: str | None, most: int, kept_sec: float,
) -> Upload | None:  # fmt: skip
    """A new upload of the request's tenant and URI; None if the tenant has ``most`` open ones."""
    args = {
        "id": upload_id,
        "tenant": request.tenant,
        "request": Jsonb(request.model_dump(mode="json")),
        "uri": request.uri,
        "length": length,
        "multipart": multipart,
        "most": most,
        "kept_sec": kept_sec,
    }
    return _upload(connection.execute(SQL["add"], args).fetchone())


def find(connection: Connection, tenant: str, upload_id: UUID) -> Upload | None:
    """The tenant's upload; None if there is none, or it has expired."""
    return _upload(connection.execute(SQL["find"], {"id": upload_id, "tenant": tenant}).fetchone())


def take(connection: Connection, tenant: str, upload_id: UUID, writer: UUID, reach: int) -> bool:
    """Makes a request the only one that may write, from the byte ``reach`` on; False if the upload
    is not there."""
    args = {"id": upload_id, "tenant": tenant, "writer": writer, "reach": reach}
    return connection.execute(SQL["take"], args).fetchone() is not None


def lock(connection: Connection, upload_id: UUID, writer: UUID, reach: int) -> bool:
    """Locks the row until the end of the transaction; False if another request writes by now."""
    args = {"id": upload_id, "writer": writer, "reach": reach}
    return connection.execute(SQL["lock"], args).fetchone() is not None


def advance(connection: Connection, upload_id: UUID, reach: int, kept_sec: float) -> None:
    """Notes the bytes that are stored; the upload expires ``kept_sec`` after that."""
    connection.execute(SQL["advance"], {"id": upload_id, "reach": reach, "kept_sec": kept_sec})


def finish(connection: Connection, upload_id: UUID, recording_id: UUID) -> bool:
    """Notes that it was submitted; False if it was before. Call it in that transaction."""
    args = {"id": upload_id, "recording_id": recording_id}
    return connection.execute(SQL["finish"], args).fetchone() is not None


def delete(connection: Connection, tenant: str, upload_id: UUID) -> Upload | None:
    """Removes the row, and returns it; None if there was none."""
    args = {"id": upload_id, "tenant": tenant}
    return _upload(connection.execute(SQL["delete"], args).fetchone())


def promised(connection: Connection) -> int:
    """Bytes that all open uploads will still bring."""
    row = connection.execute(SQL["promised"]).fetchone()
    return int(row["bytes"]) if row else 0


def expired(connection: Connection, limit: int) -> list[UUID]:
    """Ids of expired uploads, the oldest first."""
    return [row["id"] for row in connection.execute(SQL["expired"], {"limit": limit})]


def expire(connection: Connection, upload_id: UUID) -> Upload | None:
    """Removes an expired row, and returns it; None if there is none, or another process has it."""
    return _upload(connection.execute(SQL["expire"], {"id": upload_id}).fetchone())


def _upload(row: dict[str, Any] | None) -> Upload | None:
    return Upload.model_validate(row) if row else None
