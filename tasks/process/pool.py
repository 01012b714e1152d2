"""Celery's pool of processes, which continues reading a child's message after an interruption by a
lost connection.

When a connection to Redis is lost, Celery 5.7 empties its event loop, and forgets how much of a
message it has read from the pipe of a child. The rest is then taken for the beginning of another
one, and the worker ends on it.
"""

from collections.abc import Iterator
from typing import Any

from celery.concurrency import asynpool, prefork


class ResultHandler(asynpool.ResultHandler):  # type: ignore[misc]  # celery ships no types
    """Records for every pipe how far its message was read."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._reading: dict[int, tuple[object, Any]] = {}

    def _recv_message(
        self, add_reader: Any, fd: int, callback: Any, **kwargs: Any
    ) -> Iterator[None]:
        """Called by Celery when there is something to read; continues an unfinished message.
        Another child may have got the number of a closed pipe."""
        queue = self.fileno_to_outq.get(fd)
        known, message = self._reading.get(fd, (None, None))
        if message is None or known is not queue or message.gi_frame is None:
            message = super()._recv_message(add_reader, fd, callback, **kwargs)
            self._reading[fd] = queue, message
        reading: Iterator[None] = message
        return reading


class Processes(asynpool.AsynPool):  # type: ignore[misc]
    """Uses that result handler."""

    ResultHandler = ResultHandler


class TaskPool(prefork.TaskPool):  # type: ignore[misc]
    """Set as ``worker_pool``."""

    Pool = Processes
