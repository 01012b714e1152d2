"""Ids of deleted recordings whose jobs may still be running: nothing is staged under them.

One Redis sorted set, id to the time (seconds since the epoch) until which it counts. Postgres has
the truth (``earshot.storage.postgres.tombstones``), and upkeep restores the set if Redis lost it.
"""

import time
from collections.abc import Collection, Mapping
from uuid import UUID

from redis import Redis

from earshot.storage.redis.client import lost_connections

KEY = "deleted"

IF_DELETED = "if redis.call('ZSCORE', KEYS[2], ARGV[1]) then return 0 end\n"
"""Prefix of scripts that write under a recording: ``KEYS[2]`` is ``KEY``, ``ARGV[1]`` the
recording's id."""


@lost_connections()
def mark(redis: Redis, until: Mapping[UUID, float]) -> None:
    """Refuses writes under these recordings from now on, each until its time; drops expired
    ones."""
    pipeline = redis.pipeline()
    pipeline.zremrangebyscore(KEY, "-inf", time.time())
    if until:
        pipeline.zadd(KEY, {str(recording_id): each for recording_id, each in until.items()})
    pipeline.execute()


@lost_connections()
def among(redis: Redis, recordings: Collection[UUID]) -> set[UUID]:
    """The marked ones of the recordings."""
    wanted = list(recordings)
    scores = redis.zmscore(KEY, [str(each) for each in wanted]) if wanted else []
    return {each for each, score in zip(wanted, scores, strict=True) if score is not None}
