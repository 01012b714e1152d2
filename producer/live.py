"""A client of live sessions: sends frames, yields events, and continues its session over lost
connections."""

import asyncio
import json
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, suppress
from typing import Any
from urllib.parse import urlencode

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.protocol import State

from earshot.analysis.errors import Misconfigured, Permanent, Unavailable

PROTOCOL = "earshot.v1"
FULL, RESTARTS, TAKEN = 1013, 1012, 4009
LASTING = (1003, 1008, 4008, TAKEN)
"""Close codes of connections that are of no use to repeat."""
NOT_STARTED, STARTING_SEC = "no_live_process", 30.0
"""A live process starts behind the workers of a stack that is up, and measures what it carries."""
PAUSES_SEC = (0.05, 0.1, 0.2, 0.5, 1.0)
"""Before each attempt to connect again; the last one repeats."""


class Live:
    """One session."""

    def __init__(self, url: str, token: str, *, kept_sec: float = 60.0, **options: Any) -> None:
        """
        Args:
            url: of the gateway.
            kept_sec: time for which it is tried to connect again.
            options: of ``WS /transcribe/stream``, such as ``rate``.
        """
        self._url = f"{url.rstrip('/')}/transcribe/stream".replace("http", "ws", 1)
        self._token, self._options, self._kept_sec = token, options, kept_sec
        self._frames: deque[bytes] = deque()
        self._first = self._next = 0
        """Indices of the first frame that is kept, and of the next one to send."""
        self._given = asyncio.Event()
        self._all = False
        self._session: dict[str, Any] = {}
        self._after = 0
        self.connections = 0
        """How often it has connected."""

    async def events(self, frames: AsyncIterator[bytes]) -> AsyncGenerator[dict[str, Any]]:
        """Sends the frames as they come; yields events until the session has ended.

        Raises:
            Unavailable: ``full``, there is no room for a session; ``gateway_away``, the connection
                is lost for longer than the session is kept.
            Permanent: the gateway refuses.
        """
        source = asyncio.create_task(self._collect(frames))
        try:
            async with aclosing(self._over_connections()) as events:
                async for event in events:
                    yield event
                    if event["type"] == "session.ended":
                        return
        finally:
            source.cancel()
            with suppress(asyncio.CancelledError):
                await source

    async def _over_connections(self) -> AsyncGenerator[dict[str, Any]]:
        attempt, lost_at = 0, asyncio.get_running_loop().time()
        while True:
            try:
                async with aclosing(self._connected()) as events:
                    async for event in events:
                        attempt, lost_at = 0, asyncio.get_running_loop().time()
                        yield event
            except ConnectionClosed as closed:
                _check(closed, asyncio.get_running_loop().time() - lost_at)
            except InvalidStatus as refused:
                _refused(refused)
            except (OSError, TimeoutError, WebSocketException):
                pass  # it is tried again
            if asyncio.get_running_loop().time() - lost_at > self._kept_sec:
                raise Unavailable("gateway_away", f"{self._url} does not answer")
            await asyncio.sleep(PAUSES_SEC[min(attempt, len(PAUSES_SEC) - 1)])
            attempt += 1

    async def _connected(self) -> AsyncGenerator[dict[str, Any]]:
        query = urlencode({**self._options, **self._session, "after": self._after})
        headers = {"Authorization": f"Bearer {self._token}"}
        async with connect(
            f"{self._url}?{query}",
            additional_headers=headers,
            subprotocols=[PROTOCOL],  # type: ignore[list-item]
            compression=None,
            proxy=None,
        ) as socket:
            started = json.loads(await socket.recv())
            self.connections += 1
            self._session = {name: started[name] for name in ("session_id", "resume_token")}
            self._next = max(self._first, started["next_frame"])
            yield started
            sending = asyncio.create_task(self._send(socket))
            try:
                # Not "async for": its generator would be left suspended where the session ends.
                while True:
                    event = json.loads(await socket.recv())
                    self._take(event)
                    yield event
            finally:
                await socket.close()
                self._given.set()
                with suppress(ConnectionClosed):
                    await sending

    def _take(self, event: dict[str, Any]) -> None:
        self._after = max(self._after, event.get("seq", 0))
        consumed = event.get("frame", -1)
        while self._frames and self._first <= consumed:
            self._frames.popleft()
            self._first += 1

    async def _send(self, socket: ClientConnection) -> None:
        while True:
            while self._next < self._first + len(self._frames):
                await socket.send(self._frames[self._next - self._first])
                self._next += 1
            if socket.state is not State.OPEN:
                return
            if self._all:
                await socket.send(json.dumps({"type": "end"}))
                return
            self._given.clear()
            await self._given.wait()

    async def _collect(self, frames: AsyncIterator[bytes]) -> None:
        try:
            async for frame in frames:
                self._frames.append(frame)
                self._given.set()
        finally:  # also where the source failed: the session ends, and then this is raised
            self._all = True
            self._given.set()


def _check(closed: ConnectionClosed, lost_sec: float) -> None:
    """Raises what is not worth another try."""
    code = closed.rcvd.code if closed.rcvd else 1006
    reason = closed.rcvd.reason if closed.rcvd else ""
    if code == FULL and NOT_STARTED not in reason:
        raise Unavailable("full", "the gateway has as many sessions as it carries; try later")
    if code == FULL and lost_sec > STARTING_SEC:
        raise Unavailable("no_live_process", "no live process runs: `earshot live` is one")
    if code in LASTING:
        raise Permanent("refused", f"the gateway ended the session: {code} {reason}")


def _refused(refused: InvalidStatus) -> None:
    status = refused.response.status_code
    if status in (429, 503):
        return
    body = bytes(refused.response.body or b"").decode(errors="replace")
    if status in (401, 403):
        raise Misconfigured("token", f"the gateway refuses the token ({status}): {body}")
    raise Permanent("refused", f"the gateway refuses the session ({status}): {body}")
