"""What runs beside the requests of a server process: the reader of events, and the sender of
webhooks."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from types import FrameType

from fastapi import FastAPI

from gateway.events.hub import Hub
from gateway.reading.waiting import Waiting
from gateway.webhooks.sender import Sender


@asynccontextmanager
async def running(app: FastAPI) -> AsyncIterator[None]:
    """Starts both, as ``app.state.hub`` and ``app.state.sender``, and stops them at the end;
    ``app.state.waiting`` uses the first. ``app.state.live`` is the connection to Redis of live
    sessions, once there was one."""
    sender = Sender()
    hub = app.state.hub = Hub(sender.wake)
    app.state.waiting, app.state.sender = Waiting(hub), sender
    app.state.live = None
    hub.start()
    sender.start()
    try:
        with _told_of_the_end(hub.end_streams):
            yield
    finally:
        await hub.stop()
        await asyncio.to_thread(sender.stop)
        if app.state.live is not None:
            await app.state.live.aclose()


@contextmanager
def _told_of_the_end(end: Callable[[], None]) -> Iterator[None]:
    """Calls ``end`` in the event loop as soon as the process is asked to stop. Uvicorn ends the
    lifespan only after all responses, and a stream would never end."""
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

    def stop(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(end)
        handler = before[signal.Signals(number)]
        if callable(handler):
            handler(number, frame)

    for number in before:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
