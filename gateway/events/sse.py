"""Server-Sent Events: the response that sends them."""

import asyncio
import logging
from collections.abc import AsyncIterator, Coroutine, Iterable, Iterator
from contextlib import AbstractContextManager
from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from earshot.settings import settings
from gateway.events.following import Message

log = logging.getLogger(__name__)

PIECE_BYTES = 1 << 16
"""For a client that takes nothing, a piece of this size and the socket's buffers are kept, until it
is disconnected."""


class EventStream(Response):
    """Sends batches of messages until they end or the client leaves."""

    media_type = "text/event-stream"

    def __init__(
        self,
        batches: AsyncIterator[list[Message]],
        opened: AbstractContextManager[object, bool | None],
        status_code: int = 200,
    ) -> None:
        """Takes what to send, and what is closed when it was sent. FastAPI reads the default of
        ``status_code``."""
        super().__init__(
            status_code=status_code,
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )
        del self.headers["content-length"]
        self._batches, self._opened = batches, opened

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._opened:
            await send(
                {
                    "type": "http.response.start",
                    "status": self.status_code,
                    "headers": self.raw_headers,
                }
            )
            await first_of(self._send_all(send), _disconnected(receive))

    async def _send_all(self, send: Send) -> None:
        try:
            async for batch in self._batches:
                for piece in pieces(batch):
                    async with asyncio.timeout(settings().silent_sec):
                        await send({"type": "http.response.body", "body": piece, "more_body": True})
            async with asyncio.timeout(settings().silent_sec):
                await send({"type": "http.response.body", "body": b"", "more_body": False})
        except TimeoutError:
            log.warning("a reader of events took nothing for %.0f s", settings().silent_sec)


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def first_of(*works: Coroutine[Any, Any, None]) -> None:
    """Runs them until one ends, and cancels the others.

    Raises:
        Exception: that of the one that ended.
    """
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()


def pieces(batch: Iterable[Message]) -> Iterator[bytes]:
    """The messages in the format of text/event-stream; a comment for an empty batch. The comment
    has no empty line after it, which some clients take for an event."""
    piece = b""
    empty = True
    for message in batch:
        empty = False
        head = "" if message.place is None else f"id: {message.place}\n"
        piece += f"{head}event: {message.type}\ndata: {message.text}\n\n".encode()
        if len(piece) >= PIECE_BYTES:
            yield piece
            piece = b""
    if piece or empty:
        yield piece or b": alive\n"
