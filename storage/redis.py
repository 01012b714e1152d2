"""The one Redis connection of a process."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from itertools import islice

from redis import Redis
from redis.backoff import ExponentialBackoff, NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry

from analysis.errors import Misconfigured, Unavailable
from settings import settings
from storage.redis_url import client_options


@cache
def client(redis_url: str) -> Redis:
    """A client that opens its connection on first use (so never shared across a fork) and retries through a short restart.

    Raises:
        Misconfigured: no URL is set.
    """
    if not redis_url:
        raise Misconfigured("redis_url", "no Redis: run `earshot up`, or set EARSHOT_REDIS_URL")
    return Redis.from_url(
        redis_url,
        socket_connect_timeout=5,
        socket_timeout=5,  # longer than any blocking read, so that only a frozen server or a dead line runs into it
        health_check_interval=5,
        retry=Retry(ExponentialBackoff(cap=2.0, base=0.1), retries=6),
        retry_on_error=[RedisConnectionError, RedisTimeoutError],
        **client_options(redis_url, settings().redis_ca),
    )


LASTING = re.compile(
    r"events|refused|refused:total|started|deleted|workers|unacked|unacked_index|unacked_mutex|_kombu\.binding\..*"
    r"|.*\.pidbox|celeryev.*|[a-z_]+"
)
"""Keys that may be there without an expiry: bounded ones of ours, queues by the names of their pools, and Celery's own."""
LOOKED_AT = 20_000


def without_expiry(redis: Redis) -> list[str]:
    """Keys that would stay for ever and that are none of ``LASTING``, among the first ``LOOKED_AT``."""
    found: list[str] = []
    keys = list(islice(redis.scan_iter(count=1000), LOOKED_AT))
    for start in range(0, len(keys), 1000):
        page = keys[start : start + 1000]
        pipeline = redis.pipeline(transaction=False)
        for key in page:
            pipeline.ttl(key)
        found += [key.decode() for key, ttl in zip(page, pipeline.execute(), strict=True) if ttl == -1]
    return [key for key in found if not LASTING.fullmatch(key)]


@cache
def impatient(redis_url: str) -> Redis:
    """A client for whoever must not wait: one try, two seconds."""
    options = client_options(redis_url, settings().redis_ca)
    return Redis.from_url(redis_url, socket_connect_timeout=2, socket_timeout=2, retry=Retry(NoBackoff(), 0), **options)


@contextmanager
def lost_connections() -> Iterator[None]:
    """Turns a Redis that is away for longer than the client's own retries into ``Unavailable``."""
    try:
        yield
    except RedisError as error:
        raise Unavailable("redis_away", f"Redis does not answer: {error}") from error
