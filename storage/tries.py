"""How often, and for how long, a task has met trouble of its own surroundings. Celery counts retries of every kind together,
and tries are no measure of time: waiting for room or for another worker must not use up the patience with a store."""

import time
from typing import cast

from redis import Redis

from storage.redis import lost_connections

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
def waited(redis: Redis, task_id: str) -> float:
    """For how many seconds the task has been in trouble; 0 the first time."""
    key, now = f"waits:{task_id}", time.time()
    pipeline = redis.pipeline()
    pipeline.set(key, now, nx=True)
    pipeline.expire(key, TTL_SEC)
    pipeline.get(key)
    return max(0.0, now - float(cast(bytes, pipeline.execute()[2])))
