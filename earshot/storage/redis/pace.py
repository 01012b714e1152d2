"""Pace of the queues: how many jobs of each were started in the last minutes."""

import time
from collections.abc import Iterable
from typing import Any, cast

from redis import Redis

from earshot.storage.redis.client import lost_connections

PREFIX = "pace:"
"""Hash for each minute: queue to the number of jobs that were started in it."""
MINUTES = 5
KEPT_SEC = 60 * (MINUTES + 5)


def count(pipeline: Any, queue: str) -> None:
    """Adds the start of a job of this queue to a pipeline."""
    key = f"{PREFIX}{int(time.time() // 60)}"
    pipeline.hincrby(key, queue, 1)
    pipeline.expire(key, KEPT_SEC)


@lost_connections()
def per_minute(redis: Redis, queues: Iterable[str]) -> dict[str, float]:
    """Jobs a minute of each queue, over the last ``MINUTES`` and the current one."""
    wanted, now = list(queues), time.time()
    pipeline = redis.pipeline(transaction=False)
    for minute in range(int(now // 60) - MINUTES, int(now // 60) + 1):
        pipeline.hmget(f"{PREFIX}{minute}", wanted)
    counts = cast(list[list[bytes | None]], pipeline.execute())
    span_min = MINUTES + now % 60 / 60
    return {
        name: sum(int(found or 0) for found in each) / span_min
        for name, each in zip(wanted, zip(*counts, strict=True), strict=True)
    }
