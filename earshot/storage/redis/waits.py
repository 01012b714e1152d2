"""Waiting times of the queues: the publication time of the job that was started last.

Queues are first in, first out. A job that is not started although jobs published well after it are,
or although its queue is empty, is lost; if nothing behind it was started it simply waits its turn,
even for hours.
"""

import time
from collections.abc import Iterable, Mapping
from typing import cast

from redis import Redis

from earshot.analysis.types import Frozen
from earshot.storage.redis import pace
from earshot.storage.redis.client import lost_connections
from earshot.storage.redis.presence import Worker

STARTED = "started"
"""Sorted set: queue to the publication time of its newest started job, seconds since the epoch."""
AHEAD_SEC = 60.0
"""Maximum lead of another machine's clock; beyond it, its times count as those from before a clock
was set back."""
BACKLOG_PER_CHILD = 32
"""Jobs per worker child up to which a queue is filled with repeated work: more would only wait
there."""


@lost_connections()
def started(redis: Redis, queue: str, sent_at: float) -> None:
    """Records the start of a job of this queue, published then. A future publication time counts as
    now; recorded future times stem from before the clock was set back."""
    now = time.time()
    pipeline = redis.pipeline()
    pipeline.zremrangebyscore(STARTED, now + AHEAD_SEC, "+inf")
    pipeline.zadd(STARTED, {queue: min(sent_at, now)}, gt=True)
    pace.count(pipeline, queue)
    pipeline.execute()


class Queue(Frozen):
    """State of one queue."""

    length: int
    newest_started: float
    """Publication time of the newest started job; 0 if unknown."""
    children: int
    """Children of live workers that consume it."""

    def lost(self, sent_at: float, now: float, lease_sec: float) -> bool:
        """True if an unstarted job published then will never start."""
        return sent_at + lease_sec < (self.newest_started if self.length else now)

    @property
    def room(self) -> int:
        """Number of further jobs that it can use; 0 without consumers."""
        return max(0, BACKLOG_PER_CHILD * self.children - self.length)


@lost_connections()
def look(redis: Redis, names: Iterable[str], workers: Iterable[Worker]) -> dict[str, Queue]:
    """Current state of the queues, with these workers."""
    wanted = list(names)
    pipeline = redis.pipeline(transaction=False)
    for name in wanted:
        pipeline.llen(name)
    lengths = dict(zip(wanted, cast(list[int], pipeline.execute()), strict=True))
    latest = time.time() + AHEAD_SEC
    noted = cast(list[tuple[bytes, float]], redis.zrange(STARTED, 0, -1, withscores=True))
    newest = {name.decode(): score for name, score in noted if score < latest}
    children = _children(workers)
    return {
        name: Queue(
            length=lengths[name],
            newest_started=newest.get(name, 0.0),
            children=children.get(name, 0),
        )
        for name in wanted
    }


def _children(workers: Iterable[Worker]) -> Mapping[str, int]:
    counts: dict[str, int] = {}
    for worker in workers:
        for queue in worker.queues:
            counts[queue] = counts.get(queue, 0) + len(worker.children)
    return counts
