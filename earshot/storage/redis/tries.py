"""Counts how often, and for how long, a task has met unavailable dependencies. Celery counts
retries of every kind together, and the number of tries is no measure of time: waiting for capacity
or for another worker must not use up the time limit for a store."""

import time
from typing import cast

from redis import Redis

from earshot.storage.redis.client import lost_connections

TTL_SEC = 86_400
"""Longer than any pause between two tries."""


@lost_connections()
def another(redis: Redis, task_id: str) -> int:
    """Counts one more, and returns the total."""
    key = f"tries:{task_id}"
    pipeline = redis.pipeline()
    pipeline.incr(key)
    pipeline.expire(key, TTL_SEC)
    return int(pipeline.execute()[0])


@lost_connections()
def waited(redis: Redis, task_id: str, step_sec: float) -> float:
    """Seconds for which the task has met unavailable dependencies; 0 the first time.

    Args:
        step_sec: maximum time counted since the previous try, so that a clock change does not
            exhaust the limit.
    """
    key, now = f"waited:{task_id}", time.time()
    before = cast(dict[bytes, bytes], redis.hgetall(key))
    step = min(max(0.0, now - float(before[b"at"])), step_sec) if before else 0.0
    total = float(before.get(b"sec", 0)) + step
    pipeline = redis.pipeline()
    pipeline.hset(key, mapping={"sec": total, "at": now})
    pipeline.expire(key, TTL_SEC)
    pipeline.execute()
    return total
