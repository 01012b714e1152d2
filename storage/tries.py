"""How often a task has met trouble of its own surroundings. Celery counts retries of every kind together: waiting for room, for
another worker or for Postgres must not use up the patience with a store that does not answer."""

from redis import Redis

from storage.redis import lost_connections

TTL_SEC = 86_400


@lost_connections()
def another(redis: Redis, task_id: str) -> int:
    """Counts one more, and returns how many there were with it."""
    key = f"tries:{task_id}"
    pipeline = redis.pipeline()
    pipeline.incr(key)
    pipeline.expire(key, TTL_SEC)
    return int(pipeline.execute()[0])
