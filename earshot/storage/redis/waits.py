"""How long each queue makes its jobs wait: when the job that was started last had been sent.

Queues are first in, first out. A job that is not started although jobs sent well after it are, or
although its queue is empty, is lost; one behind which nothing was started simply waits its turn, be
it for hours.
"""

import time
from collections.abc import Iterable, Mapping
from typing import cast

from redis import Redis

from earshot.analysis.types import Frozen
from earshot.storage.redis.client import lost_connections
from earshot.storage.redis.presence import Worker

STARTED = "started"
"""Sorted set: queue to the time at which the newest of its started jobs had been sent, seconds
since the epoch."""
AHEAD_SEC = 60.0
"""By how much another machine's clock may be ahead before its times are taken for those of before a
clock was set back."""
BACKLOG_PER_CHILD = 32
"""Jobs per worker child up to which a queue is filled with work that is dispatched again: more
would only wait there."""


@lost_connections()
def started(redis: Redis, queue: str, sent_at: float) -> None:
    """A job of this queue that was sent then is being worked on. A sender whose clock is ahead
    sends now, and what is known of times to come was noted before the clock was set back."""
    now = time.time()
    pipeline = redis.pipeline()
    pipeline.zremrangebyscore(STARTED, now + AHEAD_SEC, "+inf")
    pipeline.zadd(STARTED, {queue: min(sent_at, now)}, gt=True)
    pipeline.execute()


class Queue(Frozen):
    """How one queue stands."""

    length: int
    newest_started: float
    """When the newest of the started jobs had been sent; 0 when nothing is known."""
    children: int
    """Children of living workers that consume it."""

    def lost(self, sent_at: float, now: float, lease_sec: float) -> bool:
        """Whether a job sent then, and not started, will never be."""
        return sent_at + lease_sec < (self.newest_started if self.length else now)

    @property
    def room(self) -> int:
        """How many more jobs are of use in it; 0 where nobody consumes."""
        return max(0, BACKLOG_PER_CHILD * self.children - self.length)


@lost_connections()
def look(redis: Redis, names: Iterable[str], workers: Iterable[Worker]) -> dict[str, Queue]:
    """How the queues stand now, with these workers."""
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
