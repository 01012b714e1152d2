"""Reads new events once for all streams of this process, and keeps the latest in memory.

A thread reads; everything else belongs to the event loop. Streams that come from before the kept
events read Postgres themselves (``gateway.events.following``).
"""

import asyncio
import json
import logging
import threading
import time
from bisect import bisect_right
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import NamedTuple
from uuid import UUID

from earshot.analysis.errors import Unavailable
from earshot.settings import settings
from earshot.storage import listening, outbox
from earshot.storage.outbox import Placed
from earshot.storage.postgres import tokens
from earshot.storage.postgres.db import Connection
from gateway.events.room import Room

log = logging.getLogger(__name__)

KEPT = 2000
"""Events kept in memory."""
POLL_SEC = 1.0
"""New events are looked for this often without a notification."""
RETRY_SEC = 1.0
CHECK_SEC = 5.0
"""Interval at which the tokens of open streams are checked, and what retention has removed."""
READERS = 4
"""Streams that read Postgres at the same time."""


class Entry(NamedTuple):
    """An event as streams send it."""

    position: int
    """Among those of all tenants; not for clients."""
    place: int
    """Among those of its tenant: what clients know as its position."""
    recording_id: UUID
    tenant: str
    type: str
    text: str
    """The body as JSON on one line."""


def entry(placed: Placed) -> Entry:
    text = json.dumps(placed.body, ensure_ascii=False, separators=(",", ":"))
    return Entry(
        placed.position,
        placed.place,
        placed.recording_id,
        placed.tenant,
        str(placed.body["type"]),
        text,
    )


class Hub:
    """The reader. ``start`` and ``stop`` it in the lifespan of the application."""

    def __init__(self, when_new: Callable[[], None]) -> None:
        """Takes a function that the reader's thread calls when there are new events."""
        self.beginning = self.head = 0
        """The kept events are all those behind ``beginning``, up to ``head``."""
        self.ready = asyncio.Event()
        """Set when the reader has read the first time."""
        self.reading = asyncio.Semaphore(READERS)
        self.changed = asyncio.Event()
        """Set, and replaced, when events come or streams end."""
        self.room = Room(settings().event_streams)
        self._kept: list[Entry] = []
        self._invalid: set[str] = set()
        self._ending = False
        self._when_new = when_new
        self._loop = asyncio.get_running_loop()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="events", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def end_streams(self) -> None:
        """Ends all streams, and lets none begin."""
        self._ending = True
        self._wake()

    async def stop(self) -> None:
        self.end_streams()
        self._stopped.set()
        await asyncio.to_thread(self._thread.join, 2 * POLL_SEC)

    def ended(self, token: str) -> bool:
        """True if streams of this token must end."""
        return self._ending or self.invalid(token)

    def invalid(self, token: str) -> bool:
        """True if the token was revoked or has expired while its streams were open."""
        return token in self._invalid

    def behind(self, position: int) -> list[Entry]:
        """Kept events behind ``position``, in order."""
        return self._kept[bisect_right(self._kept, position, key=lambda each: each.position) :]

    def forget(self, trimmed: int) -> None:
        """Keeps nothing up to this position, the last one that retention has removed."""
        until = min(trimmed, self.head)
        if until > self.beginning:
            self._kept, self.beginning = self.behind(until), until

    def _run(self) -> None:
        position: int | None = None
        away = False

        def read(connection: Connection) -> None:
            nonlocal position, away
            if position is None:
                position = max(0, outbox.standing(connection).last - KEPT)
                self._call(self._begin, position)
            checked = 0.0
            while not self._stopped.is_set():
                batch = outbox.after(connection, position)
                if batch:
                    position = batch[-1].position
                    self._call(self._take, [entry(each) for each in batch])
                    self._when_new()
                if len(batch) == outbox.BATCH:
                    continue
                self._call(self.ready.set)
                away = False
                if time.monotonic() - checked > CHECK_SEC:
                    checked = time.monotonic()
                    self._check_tokens(connection)
                    self._call(self.forget, outbox.standing(connection).trimmed)
                listening.wait(connection, POLL_SEC)

        while not self._stopped.is_set():
            try:
                with listening.listening() as connection:
                    read(connection)
            except Unavailable as error:
                if not away:
                    log.warning("events wait for Postgres: %s", error)
                away = True
            except Exception:
                log.exception("the reader of events failed, and starts again")
            self._stopped.wait(RETRY_SEC)

    def _check_tokens(self, connection: Connection) -> None:
        used = self.room.tokens()
        if used:
            invalid = used - tokens.valid(connection, used)
            self._call(self._end_tokens, invalid)

    def _call(self, function: Callable[..., object], *args: object) -> None:
        """Calls it in the event loop, unless that is closed already."""
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(function, *args)

    def _begin(self, position: int) -> None:
        self.beginning = self.head = position

    def _take(self, new: Iterable[Entry]) -> None:
        for each in new:
            if each.type == "recording.deleted":
                self._kept = [
                    other for other in self._kept if other.recording_id != each.recording_id
                ]
            self._kept.append(each)
            self.head = each.position
        surplus = len(self._kept) - KEPT
        if surplus > 0:
            self.beginning = self._kept[surplus - 1].position
            del self._kept[:surplus]
        self._wake()

    def _end_tokens(self, invalid: set[str]) -> None:
        self._invalid = invalid
        if invalid:
            self._wake()

    def _wake(self) -> None:
        self.changed.set()
        self.changed = asyncio.Event()


async def came(changed: asyncio.Event, sec: float) -> None:
    """Waits for ``Hub.changed``, or so many seconds. Take it before looking at what may change."""
    try:
        async with asyncio.timeout(max(0.0, sec)):
            await changed.wait()
    except TimeoutError:
        return
