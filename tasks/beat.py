"""The scheduler of periodic tasks: it publishes none while earlier ones are still pending."""

from datetime import timedelta
from typing import Any

from celery.beat import Scheduler as CeleryScheduler
from celery.schedules import crontab

from earshot.analysis.wall_clock import WallClock
from earshot.storage.redis import client as redis

WAITING = 3
"""Tasks that may wait in the queue: one of each kind."""
LONGEST_SLEEP_SEC = 5.0


class Scheduler(CeleryScheduler):  # type: ignore[misc]  # celery ships no types
    """Everything periodic is due when it starts, so nothing has to be kept in a file, and again
    when the clock was set. What has times of day is due at these alone.

    With every upkeep worker stopped for a week, Redis holds three of its tasks, not a hundred
    thousand.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._clock = WallClock()
        super().__init__(*args, **kwargs)
        self.max_interval = LONGEST_SLEEP_SEC  # so that a clock that was set is noticed

    def setup_schedule(self) -> None:
        super().setup_schedule()
        self._make_due()

    def tick(self, *args: Any, **kwargs: Any) -> Any:
        """As Celery's, which plans by the wall clock: one that is set back by a day would mean a
        day without upkeep."""
        if self._clock.was_set():
            self._make_due()
        return super().tick(*args, **kwargs)

    def apply_async(self, entry: Any, *args: Any, **kwargs: Any) -> Any:
        if redis.client().llen("upkeep") >= WAITING:
            return None
        return super().apply_async(entry, *args, **kwargs)

    def _make_due(self) -> None:
        self._heap = None  # Celery makes it anew from the schedule
        for entry in self.schedule.values():
            if isinstance(entry.schedule, crontab):
                continue
            entry.last_run_at = entry.default_now() - timedelta(days=1)
