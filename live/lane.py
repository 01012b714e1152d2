"""All sessions of a live process: claims them, and recognises their windows in a bounded number of
threads, the longest waiting session first."""

import asyncio
import logging
import os
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

from redis.asyncio import Redis

from earshot.compute.sound import SAMPLE_RATE
from earshot.live.listening import Listener, Look
from earshot.settings import settings
from earshot.storage.redis.client import AWAY
from earshot.storage.redis.live import clients, owners
from earshot.storage.redis.live.keys import Session
from live.capacity import STEP_MS
from live.session import LiveSession, Lost

log = logging.getLogger(__name__)

BEAT_SEC = 0.5
"""Interval of renewing leases; a lease holds four of them."""
ORPHANS_SEC = 0.7
LONGEST_STEP_MS = 1000
"""New sound between two windows of a session at most, where windows take long."""
USED = 0.6
"""Share of the threads' time that windows of open speech may take."""
LEARNT = 0.2
"""Weight of the last window in the mean time of one."""


class Lane:
    """The process. ``run`` until it is cancelled."""

    def __init__(self, redis: Redis, listener: Listener, threads: int, most: int) -> None:
        self._redis, self._listener = redis, listener
        self._threads, self._most = threads, most
        self._worker = uuid4().hex
        self._sessions: dict[str, LiveSession] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._pool = ThreadPoolExecutor(threads, "listen")
        self._wanted = asyncio.Event()
        self._window_sec = 0.1

    async def run(self) -> None:
        """Serves sessions until it is cancelled; then those that are open are left to others."""
        try:
            async with asyncio.TaskGroup() as group:
                for loop in (self._announce, self._calls, self._orphans, self._renew):
                    group.create_task(_steadily(loop))
                for _ in range(self._threads):
                    group.create_task(self._listen())
        finally:
            await self._leave()

    async def _announce(self) -> None:
        while True:
            await owners.announce(self._redis, self._worker, self._most)
            if (ready := settings().ready_file) is not None:
                ready.write_text(str(os.getpid()), encoding="ascii")
            await asyncio.sleep(BEAT_SEC)

    async def _calls(self) -> None:
        while True:
            if len(self._sessions) >= self._most:
                await asyncio.sleep(BEAT_SEC)
                continue
            session = await owners.called(self._redis)
            if session is not None:
                await self._claim(session)

    async def _orphans(self) -> None:
        """Takes over sessions whose process is gone, also beyond the number that this one carries:
        windows are fewer then, but no sound is lost."""
        while True:
            for session in await owners.orphaned(self._redis):
                await self._claim(session)
            await asyncio.sleep(ORPHANS_SEC)

    async def _claim(self, name: str) -> None:
        if name in self._sessions:
            return
        key = Session(name)
        claimed = await owners.claim(self._redis, key, self._worker)
        if claimed is None:
            return
        try:
            session = LiveSession(self._redis, key, self._worker, claimed, self._wanted.set)
        except Exception:
            log.exception("session %s cannot be continued", name)
            return  # its lease ends; after some claims only its sound is kept
        self._sessions[name] = session
        self._tasks[name] = asyncio.create_task(self._serve(session))

    async def _serve(self, session: LiveSession) -> None:
        try:
            await session.run()
        except Lost:
            log.warning("session %s is with another process", session.key.id)
        except Exception:
            log.exception("session %s is claimed anew", session.key.id)
        finally:
            self._sessions.pop(session.key.id, None)
            self._tasks.pop(session.key.id, None)

    async def _renew(self) -> None:
        kept, longest = settings().live_kept_sec, settings().live_longest_sec
        while True:
            for name, session in list(self._sessions.items()):
                ages = await owners.renew(self._redis, session.key, self._worker, kept)
                if ages is None and name in self._tasks:
                    self._tasks[name].cancel()
                elif ages is not None and ages.silent > kept:
                    await clients.end(self._redis, session.key, "connection_lost")
                elif ages is not None and ages.open > longest:  # also one of keepalives alone
                    await clients.end(self._redis, session.key, "too_long")
            await asyncio.sleep(BEAT_SEC)

    async def _listen(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            found = self._next()
            if found is None:
                self._wanted.clear()
                await self._wanted.wait()
                continue
            session, look = found
            began = session.since = loop.time()
            try:
                heard = await loop.run_in_executor(self._pool, self._listener.listen, look)
                session.heard(look, heard)
            except Exception:
                log.exception("a window of session %s is not recognised", session.key.id)
                session.fail()
            finally:
                session.busy = False
            self._window_sec += LEARNT * (loop.time() - began - self._window_sec)

    def _next(self) -> tuple[LiveSession, Look] | None:
        """The next window: those of ends first, then of the session that has waited longest."""
        idle = sorted(
            (each for each in self._sessions.values() if not each.busy),
            key=lambda each: (not each.hearing.ending, each.since),
        )
        for session in idle:
            look = session.hearing.wants(self._step())
            if look is not None:
                session.busy = True
                return session, look
        return None

    def _step(self) -> int:
        """New samples between two windows of a session."""
        speaking = sum(each.hearing.speaking for each in self._sessions.values())
        step_ms = 1000 * self._window_sec * speaking / (self._threads * USED)
        return round(min(max(step_ms, STEP_MS), LONGEST_STEP_MS)) * SAMPLE_RATE // 1000

    async def _leave(self) -> None:
        open_ = list(self._sessions.values())
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await owners.withdraw(self._redis, self._worker)
        for session in open_:
            await owners.release(self._redis, session.key, self._worker)
        self._pool.shutdown(cancel_futures=True)


async def _steadily(loop: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Runs a loop again when Redis was away."""
    while True:
        try:
            await loop()
        except AWAY as error:
            log.warning("live sessions wait for Redis: %s", error)
            await asyncio.sleep(BEAT_SEC)
