"""Runs calls on a fixed number of threads, so that the event loop never computes (000-15).

What waits for the same function is given to it at once, as one pass over many sounds takes less
time than many passes. Results that are ready together wake the event loop once.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, NamedTuple, TypeVar

Item = TypeVar("Item")
Found = TypeVar("Found")

MOST_TOGETHER = 16
"""Items of one call: more gain nothing, and the first one waits for the last."""
Work = Callable[[Sequence[Item]], Sequence[Found]]
"""One result for each item, none of which depends on the others."""


class _Call(NamedTuple):
    future: "asyncio.Future[Any]"
    work: Work[Any, Any]
    item: Any


_Result = tuple["asyncio.Future[Any]", Any, BaseException | None]


class _Nothing:
    """In place of a call; None ends a thread."""


_NOTHING = _Nothing()


class Threads:
    """To be made, used and stopped on one event loop."""

    def __init__(self, count: int) -> None:
        self._loop = asyncio.get_running_loop()
        self._calls: SimpleQueue[_Call | None] = SimpleQueue()
        self._done: deque[_Result] = deque()
        self._waking = False
        self._threads = [
            Thread(target=self._work, name=f"classify-{i}", daemon=True) for i in range(count)
        ]
        for thread in self._threads:
            thread.start()

    async def run(self, work: Work[Item, Found], item: Item) -> Found:
        """The result for an item, or the exception that it raises alone."""
        future = self._loop.create_future()
        self._calls.put(_Call(future, work, item))
        found: Found = await future
        return found

    def stop(self) -> None:
        """Ends the threads behind the calls that wait."""
        for _ in self._threads:
            self._calls.put(None)
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        call: _Call | None = self._calls.get()
        while call is not None:
            together, following = self._joined(call)
            self._done += self._results(together)
            if not self._waking:
                self._waking = True
                self._loop.call_soon_threadsafe(self._deliver)
            call = self._calls.get() if isinstance(following, _Nothing) else following

    def _joined(self, first: _Call) -> "tuple[list[_Call], _Call | _Nothing | None]":
        """The call with those behind it that have the same work, and the next one, if it was taken
        from the queue."""
        together = [first]
        while len(together) < MOST_TOGETHER:
            try:
                call = self._calls.get_nowait()
            except Empty:
                break
            if call is None or call.work is not first.work:
                return together, call
            together.append(call)
        return together, _NOTHING

    def _results(self, calls: list[_Call]) -> list[_Result]:
        try:
            found = calls[0].work([call.item for call in calls])
            return [(call.future, each, None) for call, each in zip(calls, found, strict=True)]
        except BaseException as error:  # noqa: BLE001  (raised again where it is awaited)
            if len(calls) == 1:
                return [(calls[0].future, None, error)]
        return [result for call in calls for result in self._results([call])]

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
