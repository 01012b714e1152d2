"""Presence of workers: each writes a heartbeat to Redis, in a key that expires, and signs off when
it is stopped.

A worker that vanished without signing off has died, and its claims
(``earshot.storage.redis.claims``) died with it. A worker may declare another dead only if its own
heartbeats were uninterrupted for ``worker_lost_sec``: when Redis was frozen, emptied or
unavailable, all heartbeats stop.
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
"""Set of the known incarnations; dead ones are removed by readers."""


class Worker(Frozen):
    """One run of one worker process. Times are seconds since the epoch on its own machine's
    clock."""

    incarnation: str
    """Generated at every start, so that a restarted worker differs from the one that died."""
    node: str
    """Its name as shown to operators."""
    queues: tuple[str, ...]
    children: tuple[int, ...]
    """Process ids; one job each at a time."""
    busy: Mapping[int, float] = Field(default_factory=dict)
    """The children with a job, and since when."""
    since: float
    """Uninterrupted heartbeats since then."""
    seen: float
    left: bool = False
    """True if it was stopped and has returned its jobs."""


@lost_connections()
def announce(redis: Redis, worker: Worker, ttl_sec: float, *, anew: bool = False) -> None:
    """Writes a heartbeat, valid for ``ttl_sec``; ``since`` restarts after a gap, or with ``anew``:
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
    """The workers that are alive or signed off."""
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
    """All live workers, by name."""
    names = {name.decode() for name in cast(Iterable[bytes], redis.smembers(WORKERS))}
    known = named(redis, names)
    if names - set(known):
        redis.srem(WORKERS, *(names - set(known)))
    return sorted(
        (worker for worker in known.values() if not worker.left), key=lambda worker: worker.node
    )


def alive_sec(workers: Mapping[str, Worker], incarnation: str) -> float:
    """Seconds of uninterrupted heartbeats of the worker; 0 for an unknown one. Call it on its own
    machine."""
    worker = workers.get(incarnation)
    return max(0.0, time.time() - worker.since) if worker and not worker.left else 0.0


def longest_alive_sec(workers: Iterable[Worker]) -> float:
    """Maximum over the workers of the seconds of uninterrupted heartbeats."""
    return max((worker.seen - worker.since for worker in workers if not worker.left), default=0.0)


def _shorten(redis: Redis, known: Mapping[str, tuple[Mapping[bytes, bytes], int]]) -> None:
    """Shortens the expiry of a key beyond a heartbeat's, set before Redis's clock was set back: its
    worker renews it, or is dead."""
    for incarnation, (answer, left_ms) in known.items():
        given_ms = 1000 * float(answer.get(b"ttl", "inf"))
        if left_ms > given_ms:
            redis.pexpire(PREFIX + incarnation, int(given_ms))


def _worker(answer: Mapping[bytes, bytes]) -> Worker:
    fields: dict[str, Any] = json.loads(answer[b"worker"])
    return Worker.model_validate({**fields, "since": float(answer[b"since"])})
