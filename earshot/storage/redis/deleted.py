"""The ids of recordings that were deleted while jobs about them may still be at work: nothing is
staged under them.

One Redis sorted set, id to the time (seconds since the epoch) until which it counts. Postgres has
the truth (``earshot.storage.postgres.tombstones``), and upkeep puts it back here where Redis lost
it.
"""

import time
from collections.abc import Collection, Mapping
from uuid import UUID

from redis import Redis

from earshot.storage.redis.client import lost_connections

KEY = "deleted"

IF_DELETED = "if redis.call('ZSCORE', KEYS[2], ARGV[1]) then return 0 end\n"
"""How scripts that write under a recording begin: ``KEYS[2]`` is ``KEY``, ``ARGV[1]`` the
recording's id."""


@lost_connections()
def mark(redis: Redis, until: Mapping[UUID, float]) -> None:
    """Refuses what is written under these recordings from now on, each until its time; forgets
    those whose time is over."""
    pipeline = redis.pipeline()
    pipeline.zremrangebyscore(KEY, "-inf", time.time())
    if until:
        pipeline.zadd(KEY, {str(recording_id): each for recording_id, each in until.items()})
    pipeline.execute()


@lost_connections()
def among(redis: Redis, recordings: Collection[UUID]) -> set[UUID]:
    """Those of the recordings that are marked."""
    wanted = list(recordings)
    scores = redis.zmscore(KEY, [str(each) for each in wanted]) if wanted else []
    return {each for each, score in zip(wanted, scores, strict=True) if score is not None}
