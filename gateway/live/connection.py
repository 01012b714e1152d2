"""One connection of a client to its live session."""

import asyncio
import json
from collections.abc import Callable
from typing import Any, NamedTuple

from redis.asyncio import Redis
from starlette.websockets import WebSocket, WebSocketDisconnect

from earshot.live.sound import Format
from earshot.settings import settings
from earshot.storage.redis.client import AWAY
from earshot.storage.redis.live import clients
from earshot.storage.redis.live.keys import Session
from gateway.events.socket import NOT_ALLOWED, RESTARTS
from gateway.events.sse import first_of
from gateway.live.metrics import CONNECTIONS, LAG

MOST_WAITING_SEC = 10
"""Sound that waits for a live process; no more is read then."""
POLL_SEC = 0.05
ENDED, UNSUPPORTED, SILENT, TAKEN = 1000, 1003, 4008, 4009
"""Close codes: the session has ended; a message cannot be taken; the client sends nothing; another
connection continues the session."""
MESSAGES = ("keepalive", "end")


class Started(NamedTuple):
    """A session that was admitted."""

    redis: Redis
    session: Session
    secret: str
    epoch: int
    frames: int
    """Frames that are stored: the next one to send."""
    format: Format
    after: int
    """Sequence number of the last event that the client has."""


class Closing(Exception):
    """The connection ends with this code."""

    def __init__(self, code: int, reason: str, detail: str = "") -> None:
        super().__init__(reason)
        self.code, self.reason, self.detail = code, reason, detail


class Connection:
    """Reads frames and writes events, independently of each other."""

    def __init__(
        self, socket: WebSocket, started: Started, ending: Callable[[], int | None]
    ) -> None:
        """Takes what says with which code the connection must end, if it must."""
        self._socket, self._ending = socket, ending
        self._redis, self._session = started.redis, started.session
        self._started, self._frames = started, started.frames

    async def run(self) -> None:
        """Serves the accepted connection to its end."""
        with CONNECTIONS.track_inprogress():
            try:
                await self._send(
                    {
                        "type": "session.started",
                        "session_id": self._session.id,
                        "resume_token": self._started.secret,
                        "next_frame": self._frames,
                    }
                )
                await first_of(self._read(), self._write())
            except Closing as closing:
                await self._close(closing)
            except AWAY:
                await self._close(Closing(RESTARTS, "redis_away"))
            except (WebSocketDisconnect, TimeoutError):
                return

    async def _read(self) -> None:
        while True:
            try:
                async with asyncio.timeout(settings().silent_sec):
                    message = await self._socket.receive()
            except TimeoutError:
                raise Closing(SILENT, "silent") from None
            if message["type"] == "websocket.disconnect":
                return
            if message.get("bytes") is not None:
                await self._append([message["bytes"]])
            elif await self._told(message["text"]):
                break
        while (await self._socket.receive())["type"] != "websocket.disconnect":
            pass  # the session has ended; its last events are still to come

    async def _append(self, frames: list[bytes]) -> None:
        for frame in frames:
            why_not = self._started.format.why_not(frame)
            if why_not:
                raise Closing(UNSUPPORTED, "invalid_frame", why_not)
        waiting = await self._store(frames)
        if frames:
            sound = self._started.format
            sec = len(frames[-1]) / (sound.width * sound.rate)
            while waiting * sec > MOST_WAITING_SEC:
                await asyncio.sleep(POLL_SEC)
                waiting = await self._store([])  # the client waits, and is there

    async def _store(self, frames: list[bytes]) -> int:
        """Returns the number of frames that wait for a live process."""
        stored = await clients.append(
            self._redis, self._session, self._started.epoch, self._frames, frames
        )
        if stored is None:
            raise Closing(TAKEN, "not_open")
        if stored[0] < self._frames:
            raise Closing(RESTARTS, "frames_lost")
        self._frames, waiting = stored
        return waiting

    async def _told(self, text: str) -> bool:
        """Whether the message ends the session."""
        try:
            kind = json.loads(text)["type"]
        except (ValueError, KeyError, TypeError, RecursionError):
            kind = None
        if kind == "end":
            await clients.end(self._redis, self._session, "client", self._started.epoch)
            return True
        if kind != "keepalive":
            known = ", ".join(MESSAGES)
            raise Closing(UNSUPPORTED, "unknown_message", f"messages are JSON with type {known}")
        await self._append([])
        return False

    async def _write(self) -> None:
        after = self._started.after
        while (code := self._ending()) is None:
            for place, text in await clients.events(self._redis, self._session, after):
                after, event = place, json.loads(text)
                if "lag_ms" in event:
                    LAG.labels(event["type"]).observe(event["lag_ms"] / 1000)
                await self._send(event)
                if event["type"] == "session.ended":
                    raise Closing(ENDED, event["reason"])
        raise Closing(code, "token_invalid" if code == NOT_ALLOWED else "restarts")

    async def _send(self, event: dict[str, Any]) -> None:
        text = json.dumps(event, ensure_ascii=False, separators=(",", ":"))
        async with asyncio.timeout(settings().silent_sec):
            await self._socket.send_text(text)

    async def _close(self, closing: Closing) -> None:
        reason = {"code": closing.reason}
        try:
            if closing.detail:
                await self._send({"type": "error", **reason, "detail": closing.detail})
            async with asyncio.timeout(settings().silent_sec):
                await self._socket.close(closing.code, json.dumps(reason))
        except (WebSocketDisconnect, TimeoutError, RuntimeError):
            return  # the client is gone
