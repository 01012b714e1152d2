"""The scheduler of the tasks that run by the clock: it sends none while earlier ones still wait to be done."""

from typing import Any

from celery.beat import PersistentScheduler

from settings import settings
from storage import redis

WAITING = 3
"""Tasks that may wait in the queue: one of each kind."""


class Scheduler(PersistentScheduler):  # type: ignore[misc]  # celery ships no types
    """With every upkeep worker stopped for a week, Redis holds two of its tasks, not a hundred thousand."""

    def apply_async(self, entry: Any, *args: Any, **kwargs: Any) -> Any:
        if redis.client(settings().redis_url).llen("upkeep") >= WAITING:
            return None
        return super().apply_async(entry, *args, **kwargs)
