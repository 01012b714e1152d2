"""Which workers live: each says so in Redis at every heartbeat, in a key that expires, and says
goodbye when it is told to stop.

A worker that vanished without goodbye has died, and whatever it claimed
(``earshot.storage.redis.claims``) died with it. Silence is only taken for death by somebody who was
heard all the while himself: when Redis was frozen, emptied or away, everybody falls silent.
"""

import json
import time
from collections.abc import Iterable, Mapping
from typing import Any, cast

from pydantic import Field
from redis import Redis

from earshot.analysis.types import Frozen
from earshot.storage.redis.client import lost_connections

PREFIX = "worker:"
WORKERS = "workers"
"""Set of the incarnations that were heard; the dead are taken out by whoever looks for them."""


class Worker(Frozen):
    """One run of one worker process. Times are seconds since the epoch on its own machine's
    clock."""

    incarnation: str
    """Made anew at every start, so that a restarted worker is not taken for the one that died."""
    node: str
    """Its name as operators see it."""
    queues: tuple[str, ...]
    children: tuple[int, ...]
    """Process ids; one job each at a time."""
    busy: Mapping[int, float] = Field(default_factory=dict)
    """Those of the children that have a job, and since when."""
    since: float
    """Heard without a gap since then."""
    seen: float
    left: bool = False
    """It was told to stop and has handed back what it held."""


@lost_connections()
def announce(redis: Redis, worker: Worker, ttl_sec: float, *, anew: bool = False) -> None:
    """Says that the worker lives, for ``ttl_sec``; ``since`` counts after a silence, or ``anew``:
    its own clock was set."""
    key = PREFIX + worker.incarnation
    pipeline = redis.pipeline()
    if anew:
        pipeline.delete(key)
    pipeline.hset(key, "ttl", ttl_sec)
    pipeline.hsetnx(key, "since", worker.since)
    pipeline.hset(key, "worker", worker.model_dump_json(exclude={"since"}))
    pipeline.pexpire(key, int(ttl_sec * 1000))
    pipeline.sadd(WORKERS, worker.incarnation)
    pipeline.execute()


@lost_connections()
def named(redis: Redis, incarnations: Iterable[str]) -> dict[str, Worker]:
    """Those of the workers that live or said goodbye."""
    wanted = sorted(set(incarnations))
    pipeline = redis.pipeline(transaction=False)
    for incarnation in wanted:
        pipeline.hgetall(PREFIX + incarnation)
        pipeline.pttl(PREFIX + incarnation)
    answers = pipeline.execute()
    known = dict(zip(wanted, zip(answers[::2], answers[1::2], strict=True), strict=True))
    _shorten(redis, known)
    return {
        incarnation: _worker(answer)
        for incarnation, (answer, _) in known.items()
        if b"worker" in answer
    }


@lost_connections()
def living(redis: Redis) -> list[Worker]:
    """Every worker that lives, by name."""
    names = {name.decode() for name in cast(Iterable[bytes], redis.smembers(WORKERS))}
    known = named(redis, names)
    if names - set(known):
        redis.srem(WORKERS, *(names - set(known)))
    return sorted(
        (worker for worker in known.values() if not worker.left), key=lambda worker: worker.node
    )


def heard_for(workers: Mapping[str, Worker], incarnation: str) -> float:
    """For how many seconds the worker was heard without a gap; 0 for one that is not. To be asked
    on its own machine."""
    worker = workers.get(incarnation)
    return max(0.0, time.time() - worker.since) if worker and not worker.left else 0.0


def longest_heard(workers: Iterable[Worker]) -> float:
    """For how many seconds, up to its last heartbeat, that one of the workers was heard which was
    heard for longest."""
    return max((worker.seen - worker.since for worker in workers if not worker.left), default=0.0)


def _shorten(redis: Redis, known: Mapping[str, tuple[Mapping[bytes, bytes], int]]) -> None:
    """A key with longer to live than a heartbeat gives was set before Redis's clock was set back:
    its worker says so again, or is dead."""
    for incarnation, (answer, left_ms) in known.items():
        given_ms = 1000 * float(answer.get(b"ttl", "inf"))
        if left_ms > given_ms:
            redis.pexpire(PREFIX + incarnation, int(given_ms))


def _worker(answer: Mapping[bytes, bytes]) -> Worker:
    fields: dict[str, Any] = json.loads(answer[b"worker"])
    return Worker.model_validate({**fields, "since": float(answer[b"since"])})
