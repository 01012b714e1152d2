"""How often, and for how long, a task has met trouble of its own surroundings. Celery counts
retries of every kind together,
and tries are no measure of time: waiting for room or for another worker must not use up the
patience with a store."""

import time
from typing import cast

from redis import Redis

from earshot.storage.redis.client import lost_connections

TTL_SEC = 86_400
"""Beyond any pause between two tries."""


@lost_connections()
def another(redis: Redis, task_id: str) -> int:
    """Counts one more, and returns how many there were with it."""
    key = f"tries:{task_id}"
    pipeline = redis.pipeline()
    pipeline.incr(key)
    pipeline.expire(key, TTL_SEC)
    return int(pipeline.execute()[0])


@lost_connections()
def waited(redis: Redis, task_id: str, step_sec: float) -> float:
    """For how many seconds the task has been in trouble; 0 the first time.

    Args:
        step_sec: the most that counts since the try before, so that a clock that is set makes
            nobody's time up.
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
