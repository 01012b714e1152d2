"""Sends the head and the body of an answer together: uvloop sends each write at once, and a second
packet costs the server a system call and wakes the client once more."""

from asyncio import AbstractEventLoop, Transport
from typing import Any

MOST_BYTES = 1 << 16
"""More than this is sent at once."""


class JoinedTransport:
    """A transport whose writes of one turn of the event loop are one write."""

    def __init__(self, transport: Transport, loop: AbstractEventLoop) -> None:
        self.itself = transport
        self._loop = loop
        self._parts: list[bytes] = []
        self._size = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.itself, name)

    def is_closing(self) -> bool:
        return self.itself.is_closing()

    def write(self, data: bytes) -> None:
        """Sends the data at the end of this turn, or at once if there is much of it."""
        if not self._parts:
            self._loop.call_soon(self._send)
        self._parts.append(data)
        self._size += len(data)
        if self._size > MOST_BYTES:
            self._send()

    def close(self) -> None:
        """Closes the connection behind what was written."""
        self._send()
        self.itself.close()

    def _send(self) -> None:
        if self._parts:
            data = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
            self._parts, self._size = [], 0
            self.itself.write(data)
