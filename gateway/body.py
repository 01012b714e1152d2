"""The body of a request: judged by its announced length, bounded while it is read, and not waited
for without end."""

import asyncio
import time

from starlette.types import Message, Receive, Scope, Send

from earshot.settings import settings
from gateway.problems import Problem

SLOWEST = 256
"""Bytes a second that a body brings at least, measured each ``silent_sec``: 2 kbit/s, a fraction of
the slowest speech codec."""


def has_body(scope: Scope) -> bool:
    """True if the request announces a body."""
    names = {name for name, value in scope["headers"] if value != b"0"}
    return bool(names & {b"content-length", b"transfer-encoding"})


def judge_length(scope: Scope, longest: int) -> None:
    """
    Raises:
        Problem: 413, the request announces more than ``longest`` bytes.
    """
    stated = dict(scope["headers"]).get(b"content-length", b"")
    if stated.isdigit() and int(stated) > longest:
        raise _too_long(longest)


def _too_long(longest: int) -> Problem:
    return Problem(413, "too_large", f"The body is longer than {longest} bytes.")


def _too_slow() -> Problem:
    return Problem(408, "request_timeout", "The rest of the request did not come in time.")


class Body:
    """``receive`` and ``send`` of a request: reading ends with 413 behind ``longest`` bytes, and
    with 408 when nothing comes; an answer that leaves a part of the body unread says that the
    connection ends, as the server would have to read that part before the next request."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, longest: int) -> None:
        self._receive, self._send = receive, send
        self._left = self._longest = longest
        self._complete = not has_body(scope)
        self._ended = False
        self._waited_sec, self._got = 0.0, 0

    async def receive(self) -> Message:
        """The next message of the request."""
        if self._ended:
            return await self._receive()  # waits for the disconnection
        began = time.monotonic()
        try:
            async with asyncio.timeout(settings().silent_sec):  # needs no task, as wait_for does
                message = await self._receive()
        except TimeoutError:
            raise _too_slow() from None
        self._left -= len(message.get("body", b""))
        self._ended = not message.get("more_body", False)
        if not self._ended:
            self._keep_pace(time.monotonic() - began, len(message.get("body", b"")))
        self._complete = self._complete or self._ended
        if self._left < 0:
            raise _too_long(self._longest)
        return message

    def _keep_pace(self, waited_sec: float, got: int) -> None:
        """Ends a request whose bytes come one by one; time in which the gateway itself is slow does
        not count."""
        self._waited_sec += waited_sec
        self._got += got
        if self._waited_sec >= settings().silent_sec:
            if self._got < SLOWEST * self._waited_sec:
                raise _too_slow()
            self._waited_sec, self._got = 0.0, 0

    async def send(self, message: Message) -> None:
        """Passes on a message of the answer."""
        if message["type"] == "http.response.start" and not self._complete:
            headers = [each for each in message.get("headers", ()) if each[0] != b"connection"]
            message["headers"] = [*headers, (b"connection", b"close")]
        await self._send(message)
