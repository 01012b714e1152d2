"""The standing of the pools: what waits for each, since when and at which pace; and their pauses.

A pause is a row in Postgres, copied to Redis, where each worker looks at every heartbeat: it
outlasts restarts of workers, Redis and Postgres. Jobs that were begun are finished.
"""

import base64
import json
import time
from collections.abc import Sequence
from typing import Any, Literal, cast

from redis import Redis

from earshot.analysis.errors import Misconfigured
from earshot.analysis.types import Frozen
from earshot.pools import APART, RETRAIN, pools
from earshot.settings import settings
from earshot.storage.postgres import pauses
from earshot.storage.postgres.db import Connection
from earshot.storage.redis import client as redis
from earshot.storage.redis import pace, paused, presence, waits
from earshot.storage.redis.client import lost_connections
from earshot.storage.redis.presence import Worker

UNPAUSABLE = "upkeep"
"""It finds lost work, and carries pauses to the workers."""
NOT_PAUSED = {
    UNPAUSABLE: "it finds lost work",
    **dict.fromkeys(APART, "end its work by `earshot train cancel` or `earshot release shadow`"),
}
"""Pool to why it cannot be paused."""


class Pool(Frozen):
    """The standing of one pool."""

    pool: str
    state: Literal["running", "paused", "unserved"]
    """``unserved``: no worker serves it."""
    depth: int
    """Jobs in its queues; one job may have several chunks."""
    oldest_sec: float | None
    """Age of the oldest of them; None where there is none, or its message does not say."""
    per_minute: float | None
    """Jobs that were started a minute, over the last five; None where they are not counted."""
    empty_in_sec: float | None
    """Time until the queues are empty at that pace, without new jobs; None at a standstill."""
    chunks: int
    """Chunks that wait in the ledger for its analysis, or its merge; of ``ingest`` recordings that
    wait to be decoded, of ``shadow`` those that wait to be answered, once a release."""
    failures: int
    """In the last 24 hours: chunks, of ``ingest`` and ``shadow`` recordings, of ``retrain``
    runs."""
    dead_letters: int
    """Open ones."""
    workers: int
    children: int
    """Of these workers; they may serve other pools too."""
    busy: int
    """Children with a job."""
    paused: bool
    pausable: bool


def names() -> tuple[str, ...]:
    """Every pool there is."""
    return (*pools(), *APART)


def standing(connection: Connection, client: Redis) -> list[Pool]:
    """All pools, in the order of the registry, and those with an application of their own.

    Raises:
        Unavailable: Redis or Postgres is unavailable.
    """
    ledger, stopped = pauses.ledger(connection), set(pauses.paused(connection))
    workers = presence.living(client)
    served = pools()
    queues = [queue for names in served.values() for queue in names]
    lengths = {name: each.length for name, each in waits.look(client, queues, workers).items()}
    rates, oldest = pace.per_minute(client, queues), _oldest(client, queues)
    found = []
    for name, names in served.items():
        own = [worker for worker in workers if names[0] in worker.queues]
        depth = sum(lengths[queue] for queue in names)
        ages = [oldest[queue] for queue in names if oldest[queue] is not None]
        counted = name not in ("merge", "finalize", UNPAUSABLE)
        rate = sum(rates[queue] for queue in names) if counted else None
        age = max(cast(list[float], ages), default=None)
        if name == "ingest" and depth:
            age = ledger.oldest_request_sec
        found.append(
            Pool(
                pool=name,
                state="paused" if name in stopped else "running" if own else "unserved",
                depth=depth,
                oldest_sec=None if age is None else round(age, 1),
                per_minute=None if rate is None else round(rate, 2),
                empty_in_sec=round(60 * depth / rate, 1) if rate else 0.0 if not depth else None,
                chunks=ledger.unmerged.get(name, 0),
                failures=ledger.failures.get(name, 0),
                dead_letters=ledger.dead_letters.get(name, 0),
                paused=name in stopped,
                pausable=name != UNPAUSABLE,
                **_of_workers(own),
            )
        )
    return found + apart(connection, client)


def apart(connection: Connection, client: Redis) -> list[Pool]:
    """The pools that other workers do not serve; most installations have no worker for them.

    Raises: as ``standing``.
    """
    ledger, workers, found = pauses.ledger(connection), presence.living(client), []
    for name in APART:
        own = [worker for worker in workers if name in worker.queues]
        url = settings().retrain_redis_url if name == RETRAIN else None
        depth = waits.look(client if url is None else redis.client(url), [name], [])[name].length
        found.append(
            Pool(
                pool=name,
                state="running" if own else "unserved",
                depth=depth,
                oldest_sec=None,
                per_minute=None,
                empty_in_sec=None if depth else 0.0,
                chunks=ledger.unmerged.get(name, 0),
                failures=ledger.failures.get(name, 0),
                dead_letters=0,
                paused=False,
                pausable=False,
                **_of_workers(own),
            )
        )
    return found


def _of_workers(workers: Sequence[Worker]) -> dict[str, int]:
    return {
        "workers": len(workers),
        "children": sum(len(each.children) for each in workers),
        "busy": sum(len(each.busy) for each in workers),
    }


@lost_connections()
def _oldest(client: Redis, queues: Sequence[str]) -> dict[str, float | None]:
    """Queue to the age of its oldest job, whose message says when it was sent."""
    pipeline = client.pipeline(transaction=False)
    for queue in queues:
        pipeline.lindex(queue, -1)
    heads = cast(list[bytes | None], pipeline.execute())
    return {queue: _age(head) for queue, head in zip(queues, heads, strict=True)}


def _age(message: bytes | None) -> float | None:
    if message is None:
        return None
    try:
        body = json.loads(base64.b64decode(json.loads(message)["body"]))
        sent_at: Any = body[0][0]["sent_at"]
        return max(0.0, time.time() - float(sent_at))
    except (ValueError, LookupError, TypeError):  # another kind of task, or a message to refuse
        return None


def pause(connection: Connection, client: Redis, pool: str) -> None:
    """Pauses a pool: its workers take no further jobs from their next heartbeat on.

    Raises:
        Misconfigured: ``pool``, there is none, or it cannot be paused.
        Unavailable: Redis or Postgres is unavailable; upkeep tells the workers.
    """
    _check(pool)
    if pool in NOT_PAUSED:
        raise Misconfigured("pool", f"{pool} cannot be paused: {NOT_PAUSED[pool]}")
    pauses.pause(connection, pool)
    restore(connection, client)


def resume(connection: Connection, client: Redis, pool: str) -> None:
    """Ends the pause of a pool, if there is one.

    Raises: as ``pause``.
    """
    _check(pool)
    pauses.resume(connection, pool)
    restore(connection, client)


def restore(connection: Connection, client: Redis) -> None:
    """Copies the pauses to Redis."""
    paused.put(client, pauses.paused(connection))


def _check(pool: str) -> None:
    if pool not in names():
        raise Misconfigured("pool", f"no pool {pool}; pools are {', '.join(names())}")
