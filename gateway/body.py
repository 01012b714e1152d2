"""The body of a request: judged by its announced length, bounded while it is read, and not waited
for without end."""

import asyncio

from starlette.types import Message, Receive, Scope, Send

from earshot.settings import settings
from gateway.problems import Problem


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


class Body:
    """``receive`` and ``send`` of a request: reading ends with 413 behind ``longest`` bytes, and
    with 408 when nothing comes; an answer that leaves a part of the body unread says that the
    connection ends, as the server would have to read that part before the next request."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, longest: int) -> None:
        self._receive, self._send = receive, send
        self._left = self._longest = longest
        self._complete = not has_body(scope)
        self._ended = False

    async def receive(self) -> Message:
        """The next message of the request."""
        if self._ended:
            return await self._receive()  # waits for the disconnection
        try:
            async with asyncio.timeout(settings().silent_sec):  # needs no task, as wait_for does
                message = await self._receive()
        except TimeoutError:
            raise Problem(
                408, "request_timeout", "The rest of the request did not come in time."
            ) from None
        self._left -= len(message.get("body", b""))
        self._ended = not message.get("more_body", False)
        self._complete = self._complete or self._ended
        if self._left < 0:
            raise _too_long(self._longest)
        return message

    async def send(self, message: Message) -> None:
        """Passes on a message of the answer."""
        if message["type"] == "http.response.start" and not self._complete:
            headers = [each for each in message.get("headers", ()) if each[0] != b"connection"]
            message["headers"] = [*headers, (b"connection", b"close")]
        await self._send(message)
