"""Runs calls on a fixed number of threads, so that the event loop never computes (000-15).

A ``concurrent.futures`` executor locks and wakes the loop for each call. Here calls that finish
together wake it once.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread
from typing import Any, NamedTuple, TypeVar

T = TypeVar("T")


class _Call(NamedTuple):
    future: "asyncio.Future[Any]"
    function: Callable[..., Any]
    args: tuple[Any, ...]


class Threads:
    """To be made, used and stopped on one event loop."""

    def __init__(self, count: int) -> None:
        self._loop = asyncio.get_running_loop()
        self._calls: SimpleQueue[_Call | None] = SimpleQueue()
        self._done: deque[tuple[asyncio.Future[Any], Any, BaseException | None]] = deque()
        self._waking = False
        self._threads = [
            Thread(target=self._work, name=f"classify-{i}", daemon=True) for i in range(count)
        ]
        for thread in self._threads:
            thread.start()

    async def run(self, function: Callable[..., T], *args: Any) -> T:
        """The result of a call, or its exception."""
        future = self._loop.create_future()
        self._calls.put(_Call(future, function, args))
        found: T = await future
        return found

    def stop(self) -> None:
        """Ends the threads behind the calls that wait."""
        for _ in self._threads:
            self._calls.put(None)
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        while (call := self._calls.get()) is not None:
            try:
                result, error = call.function(*call.args), None
            except BaseException as raised:  # noqa: BLE001  (raised again where it is awaited)
                result, error = None, raised
            self._done.append((call.future, result, error))
            if not self._waking:
                self._waking = True
                self._loop.call_soon_threadsafe(self._deliver)

    def _deliver(self) -> None:
        self._waking = False  # first: what is done from here on wakes the loop again
        while self._done:
            future, result, error = self._done.popleft()
            if future.done():  # its request was cancelled
                continue
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)
