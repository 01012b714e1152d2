"""Uploads in pieces by tus 1.0.0 (https://tus.io/protocols/resumable-upload): a client whose line
was cut continues at the byte that is stored."""

from datetime import UTC
from email.utils import format_datetime
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import anyio
from fastapi import Request
from starlette.requests import ClientDisconnect

from earshot.analysis.errors import Misconfigured
from earshot.audio.store import pieces
from earshot.audio.store.incoming import Received
from earshot.audio.store.pieces import Pieces
from earshot.settings import settings
from earshot.storage.postgres import db, uploads
from earshot.storage.postgres.db import Connection
from earshot.storage.postgres.uploads import Upload
from gateway import asking
from gateway.keys import Held
from gateway.problems import Problem, not_found
from gateway.resumable.headers import fields_of, length_of
from gateway.submitting import accept, check_room
from gateway.uploads import WRITERS, Form, shown_name

VERSION = "1.0.0"


def check_version(sent: str | None) -> None:
    """
    Raises:
        Problem: 412, the client speaks another version.
    """
    if sent != VERSION:
        raise Problem(
            412,
            "tus_version",
            f"Send `Tus-Resumable: {VERSION}`.",
            {"Tus-Version": VERSION, "Tus-Resumable": VERSION},
        )


def create(tenant: str, length: str | None, metadata: str) -> Upload:
    """A new upload.

    Raises:
        Problem: 413, 422, 429; 501, the store is neither local nor of S3; 503, the backlog is full.
        Unavailable: ``disk_full``, or a service is unavailable.
    """
    size, fields = length_of(length), fields_of(metadata)
    check_room()
    config, upload_id = settings(), uuid4()
    name = shown_name(fields.pop("filename", [""])[0])
    asked = asking.by_form(Form(fields, name, Received("", size, "")), tenant)
    with db.pooled() as connection:
        try:
            begun = pieces.create(name, config.store_url, size, uploads.promised(connection))
        except Misconfigured as error:
            raise Problem(501, error.code, str(error)) from error
        named = asked.model_copy(update={"uri": begun.uri})
        made = uploads.add(
            connection,
            upload_id,
            named,
            size,
            multipart=begun.multipart,
            most=config.open_uploads,
            kept_sec=config.upload_kept_sec,
        )
    if made is None:
        begun.discard(config.store_url)
        raise Problem(
            429,
            "too_many_uploads",
            f"The tenant has {config.open_uploads} unfinished uploads; finish or delete one.",
            {"Retry-After": "60"},
            limit=config.open_uploads,
        )
    return made


def find(tenant: str, upload_id: UUID) -> Upload:
    """The tenant's upload.

    Raises:
        Problem: 404, there is none, or it has expired.
        Unavailable: Postgres is unavailable.
    """
    with db.pooled() as connection:
        found = uploads.find(connection, tenant, upload_id)
    if found is None:
        raise not_found()
    return found


def about(found: Upload) -> dict[str, str]:
    """Headers about an upload."""
    headers = {
        "Tus-Resumable": VERSION,
        "Upload-Offset": str(found.reach),
        "Upload-Length": str(found.length),
        "Upload-Expires": format_datetime(found.expires_at.astimezone(UTC), usegmt=True),
        "Cache-Control": "no-store",
    }
    if found.recording_id is not None:
        headers["X-Recording-ID"] = str(found.recording_id)
    return headers


async def write(request: Request, tenant: str, upload_id: UUID, offset: int) -> Upload:
    """Appends the body of the request at the byte ``offset``. What came before its line was cut is
    kept.

    Raises:
        Problem: 400, the line was cut; 404; 408; 409, the upload stands at another byte, or another
            request writes it; 413, the body is longer than what is missing.
        Unavailable: ``disk_full``, or a service is unavailable.
    """
    writer = uuid4()
    found = await WRITERS.run(partial(_take, tenant, upload_id, writer, offset))
    waiting, reach = bytearray(), offset

    async def flush(size: int) -> None:
        nonlocal reach
        if size:
            await WRITERS.run(partial(_append, found, writer, reach, bytes(waiting[:size])))
            # Not before: what a failed append leaves is stored at the end, from the same byte on.
            del waiting[:size]
            reach += size

    try:
        async for block in request.stream():
            if reach + len(waiting) + len(block) > found.length:
                raise Problem(413, "too_long", "The body exceeds the length of the upload.")
            waiting += block
            while len(waiting) >= (size := _pieces(found).flush_bytes(reach)):
                await flush(size)
    except ClientDisconnect:
        raise Problem(400, "disconnected", "The connection ended before the request.") from None
    finally:
        with anyio.CancelScope(shield=True):
            await flush(len(waiting))
    return await WRITERS.run(partial(find, tenant, upload_id))


def _take(tenant: str, upload_id: UUID, writer: UUID, offset: int) -> Upload:
    found = find(tenant, upload_id)
    with db.pooled() as connection:
        if not uploads.take(connection, tenant, upload_id, writer, offset):
            raise _elsewhere(find(tenant, upload_id))
    return found


def _append(found: Upload, writer: UUID, reach: int, data: bytes) -> None:
    kept_sec = settings().upload_kept_sec
    with db.pooled() as connection, connection.transaction():
        if not uploads.lock(connection, found.id, writer, reach):
            raise Problem(409, "taken_over", "Another request continues this upload.")
        _pieces(found).append(reach, data)
        uploads.advance(connection, found.id, reach + len(data), kept_sec)


def _pieces(found: Upload) -> Pieces:
    return Pieces(found.uri, found.length, found.multipart)


def _elsewhere(found: Upload) -> Problem:
    return Problem(
        409,
        "offset_mismatch",
        f"The upload stands at byte {found.reach}; continue there.",
        {**about(found)},
        offset=found.reach,
    )


class _Once(Held):
    """In place of an idempotency key: an upload is submitted once."""

    def __init__(self, found: Upload) -> None:
        super().__init__(None, None)
        self._found = found

    def keep(
        self, connection: Connection, request: bytes, body: dict[str, Any], recording_id: UUID
    ) -> None:
        if not uploads.finish(connection, self._found.id, recording_id):
            raise Problem(409, "submitted", "The upload was submitted by another request.")


def submitted(tenant: str, found: Upload) -> Upload:
    """The upload, submitted if it is complete and was not before.

    Raises:
        Unavailable: a service is unavailable; the next request submits it.
    """
    if not found.complete or found.recording_id is not None:
        return found
    _pieces(found).complete()
    form = Form({}, found.request.file_name or "", Received(found.uri, found.length, ""))
    try:
        accept(found.request, form, _Once(found))
    except Problem as error:
        if error.code != "submitted":
            raise
    return find(tenant, found.id)


def remove(tenant: str, upload_id: UUID) -> None:
    """Removes an upload, and its bytes unless it was submitted.

    Raises:
        Problem: 404, there is none.
        Unavailable: a service is unavailable; the upload is still there.
    """
    with db.pooled() as connection, connection.transaction():
        gone = uploads.delete(connection, tenant, upload_id)
        if gone is None:
            raise not_found()
        if gone.recording_id is None:
            _pieces(gone).discard(settings().store_url)
