"""Requests that wait for the end of a recording: any number of them with one look, and no thread
between two looks."""

import asyncio
import time
from uuid import UUID

from starlette.concurrency import run_in_threadpool

from earshot.analysis.states import RecordingState
from earshot.storage.postgres import db, recordings
from gateway.events.hub import Hub, came

LOOK_SEC = 1.0
"""Longest time between two looks, if no event comes."""
PAUSE_SEC = 0.05
"""Shortest time between them."""


class Waiting:
    """The requests of this process that wait."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._waiters: dict[UUID, set[asyncio.Future[None]]] = {}
        self._runner: asyncio.Task[None] | None = None

    async def closed(self, recording_id: UUID, timeout_sec: float) -> bool:
        """Waits until the recording is closed, or its row is gone: it was deleted, or answered with
        another one. False if that takes longer.

        Raises:
            Unavailable: Postgres is unavailable.
        """
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.setdefault(recording_id, set()).add(waiter)
        if self._runner is None or self._runner.done():
            self._runner = asyncio.create_task(self._run())
        try:
            await asyncio.wait_for(waiter, timeout_sec)
        except TimeoutError:
            return False
        finally:
            mine = self._waiters.get(recording_id, set())
            mine.discard(waiter)
            if not mine:
                self._waiters.pop(recording_id, None)
        return True

    async def _run(self) -> None:
        """Looks until nobody waits; an error is that of everyone who waits."""
        try:
            while self._waiters:
                began, changed = time.monotonic(), self._hub.changed
                await self._look()
                await came(changed, LOOK_SEC)
                # many events a second cause few looks
                await asyncio.sleep(max(0.0, PAUSE_SEC - (time.monotonic() - began)))
        except Exception as error:  # noqa: BLE001  # whoever waits raises it
            for each in list(self._waiters.values()):
                for waiter in each:
                    if not waiter.done():
                        waiter.set_exception(error)

    async def _look(self) -> None:
        ids = list(self._waiters)
        open_ = await run_in_threadpool(_open, ids)
        for recording_id in set(ids) - open_:
            for waiter in self._waiters.get(recording_id, ()):
                if not waiter.done():
                    waiter.set_result(None)


def _open(ids: list[UUID]) -> set[UUID]:
    with db.pooled() as connection:
        found = recordings.progress(connection, ids)
    return {each for each, row in found.items() if not RecordingState(row.state).closed}
