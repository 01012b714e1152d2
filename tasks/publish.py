"""Sends a task its one argument; a Redis that takes none is away, like any other."""

from collections.abc import Iterator
from contextlib import contextmanager

from kombu.exceptions import OperationalError

from earshot.analysis.errors import Unavailable
from earshot.storage.redis.client import AWAY
from tasks.app import app


def publish(task: str, argument: object) -> None:
    """Raises:
    Unavailable: Redis is away, or refuses.
    """
    with refusals():
        app.send_task(task, [argument])


@contextmanager
def refusals() -> Iterator[None]:
    """Around whatever publishes through Celery."""
    try:
        yield
    except (OperationalError, *AWAY) as error:
        said = (str(error).splitlines() or [type(error).__name__])[0][:300]
        raise Unavailable("redis_away", f"Redis takes no jobs: {said}") from error
