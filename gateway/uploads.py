"""Receives the file of a form: straight to the store's inbox while it is hashed, in bounded
memory. Starlette's own form would store it twice, and before the operation runs."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

import anyio
from fastapi import Request
from starlette.requests import ClientDisconnect

from earshot.analysis.printable import file_name
from earshot.audio.store.incoming import Incoming, Received
from earshot.settings import settings
from gateway.few import Few
from gateway.multipart import FILE, FormReader, boundary_of, malformed, refused
from gateway.problems import Problem

BLOCK = 1 << 17
"""Bytes that are collected before they are written: fewer changes of threads, and 40 uploads at a
time still take little memory."""
WRITERS = Few(8)
"""Threads that write uploads; a slow store does not take those of other requests."""
UNNAMED = "upload"


@dataclass
class Form:
    """A form that was read to its end."""

    values: dict[str, list[str]]
    """Field to its values, in their order."""
    name: str
    """Name of the file: one line, without folders and control characters."""
    file: Received
    taken: bool = False
    """A recording names the upload; it is removed otherwise."""

    def one(self, field: str) -> str | None:
        """Value of a field that may be given once; None without it."""
        return self.values[field][0] if field in self.values else None

    def several(self, field: str) -> list[str] | None:
        """Values of a field that may be repeated, or hold several with commas between; None
        without it, and empty for an empty value."""
        if field not in self.values:
            return None
        parts = [part.strip() for value in self.values[field] for part in value.split(",")]
        return [part for part in parts if part]

    def flag(self, field: str, default: bool) -> bool:
        """Value of a field that is true or false.

        Raises:
            Problem: 422, it is neither.
        """
        text = self.one(field)
        if text is None:
            return default
        if text.lower() not in ("true", "false"):
            raise refused("invalid_field", f"`{field}` is true or false.")
        return text.lower() == "true"


@asynccontextmanager
async def received(
    request: Request,
    fields: Collection[str] = (),
    many: Collection[str] = (),
    *,
    stored: bool = True,
    alive: Callable[[], Awaitable[None]] | None = None,
) -> AsyncIterator[Form]:
    """The form of a request with its file in the inbox; the file is removed at the end of the
    context, unless ``taken`` was set.

    Args:
        fields: names of fields that may be given once.
        many: names of fields that may be repeated.
        stored: False: the file is only hashed.
        alive: awaited with every piece that comes.

    Raises:
        Problem: 400, the form is malformed, or its sender is gone; 408; 413; 415; 422, it has other
            parts than these.
        Unavailable: ``disk_full`` or ``store_unavailable``.
    """
    reader = FormReader(boundary_of(request.headers.get("content-type", "")), fields, many)
    upload = _Upload(request, stored)
    try:
        file = await _read(request, reader, upload, alive)
        upload.form = Form(reader.values, shown_name(reader.file_name or ""), file)
        yield upload.form
    except ClientDisconnect:
        raise Problem(400, "disconnected", "The connection ended before the request.") from None
    finally:
        with anyio.CancelScope(shield=True):
            await upload.close()


async def _read(
    request: Request,
    reader: FormReader,
    upload: "_Upload",
    alive: Callable[[], Awaitable[None]] | None,
) -> Received:
    more = True
    while more:
        # Nothing here refers to a piece while the next one is waited for, as ``request.stream``
        # does: with many slow senders that is half of the memory.
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        blocks = reader.feed(message.pop("body", b""))
        if reader.file_name is not None:
            await upload.write(reader.file_name, blocks)
        more, blocks = message.get("more_body", False), []
        if alive is not None:
            await alive()
    if not reader.complete:
        raise malformed("it ends before its last boundary")
    if reader.file_name is None:
        raise refused("missing_file", f"The form has no part `{FILE}`.")
    file = await upload.finish()
    if file.size == 0:
        raise refused("empty", "The file has no bytes.")
    return file


class _Upload:
    """The file on its way into the inbox, written by threads."""

    def __init__(self, request: Request, stored: bool) -> None:
        stated = request.headers.get("content-length", "")
        self._expected = int(stated) if stated.isdigit() else 0
        self._stored = stored
        self._incoming: Incoming | None = None
        self._waiting: list[memoryview] = []
        self._size = 0
        self.form: Form | None = None

    async def write(self, name: str, blocks: list[memoryview]) -> None:
        if self._incoming is None:
            config = settings()
            most = config.max_upload_mb * 1_000_000
            make = partial(
                Incoming, name, config.store_url, most, self._expected, stored=self._stored
            )
            self._incoming = await WRITERS.run(make)
        self._waiting += blocks
        self._size += sum(map(len, blocks))
        if self._size >= BLOCK:
            await self._flush(self._incoming)

    async def _flush(self, incoming: Incoming) -> None:
        blocks, self._waiting, self._size = self._waiting, [], 0
        await WRITERS.run(partial(incoming.write, blocks))

    async def finish(self) -> Received:
        assert self._incoming is not None
        await self._flush(self._incoming)
        return await WRITERS.run(self._incoming.finish)

    async def close(self) -> None:
        self._waiting.clear()
        taken = self.form is not None and self.form.taken
        if self._incoming is not None and not taken:
            await WRITERS.run(self._incoming.discard)


def shown_name(sent: str) -> str:
    """A file's name as it may be stored and shown: the last part of a path, on one line."""
    name = file_name(re.split(r"[/\\]", sent)[-1]).strip()
    return UNNAMED if name.strip(".") == "" else name
