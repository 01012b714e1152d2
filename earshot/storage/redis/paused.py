"""The paused pools as workers see them: a copy of what Postgres says, since not every worker
reaches that."""

from collections.abc import Collection, Iterable
from typing import cast

from redis import Redis

from earshot.storage.redis.client import lost_connections

KEY = "paused"
"""Set of names of pools."""


@lost_connections()
def put(redis: Redis, pools: Collection[str]) -> None:
    """Replaces the set."""
    pipeline = redis.pipeline()
    pipeline.delete(KEY)
    if pools:
        pipeline.sadd(KEY, *pools)
    pipeline.execute()


@lost_connections()
def get(redis: Redis) -> frozenset[str]:
    """The paused pools."""
    return frozenset(name.decode() for name in cast(Iterable[bytes], redis.smembers(KEY)))
