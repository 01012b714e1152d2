"""Threads for one kind of long work, so that it takes neither all threads nor all connections of
other requests."""

from collections.abc import Callable
from typing import TypeVar

from anyio import CapacityLimiter, to_thread

T = TypeVar("T")


class Few:
    """At most ``count`` calls at a time; further ones wait without a thread."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._limiter: CapacityLimiter | None = None

    async def run(self, do: Callable[[], T]) -> T:
        """The result of ``do``, called in a thread."""
        if self._limiter is None:
            self._limiter = CapacityLimiter(self._count)  # needs the running loop
        return await to_thread.run_sync(do, limiter=self._limiter)
