"""The one Redis connection of a process, and the classification of transient errors."""

import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from functools import cache
from itertools import islice

from redis import Redis
from redis._parsers import _RESP3Parser
from redis.backoff import ExponentialBackoff, NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry

from earshot.analysis.errors import Misconfigured, Unavailable, one_line
from earshot.settings import settings
from earshot.storage.redis_url import client_options

AWAY = (RedisConnectionError, RedisTimeoutError)
"""Exceptions of redis-py for an unresponsive Redis, and, on connections with our ``Parser``, for a
refusing one."""
OF_THE_COMMAND = frozenset(
    {
        "ERR",
        "WRONGTYPE",
        "NOSCRIPT",
        "EXECABORT",
        "NOGROUP",
        "BUSYGROUP",
        "BUSYKEY",
        "NOPROTO",
        "CROSSSLOT",
        "MOVED",
        "ASK",
    }
)
"""Codes of answers that are permanent for a command. All others (READONLY, OOM, MISCONF, NOPERM,
UNBLOCKED, BUSY, MASTERDOWN, CLUSTERDOWN, NOREPLICAS, ...) concern the state of the server, which
changes."""
_INSIDE = re.compile(r"(?:: -|because of: |\bon @user_script\S* )-?([A-Z]{2,}) ")
"""Position of the code of the refused command in the answer to a script or a transaction."""


class Refused(RedisConnectionError):
    """Redis temporarily refuses: a replica that rejects writes, full memory or disk, changed
    rights. Treated as a lost connection: dropped, renewed (perhaps to the new primary), and
    retried."""


class Parser(_RESP3Parser):
    """Parses answers as redis-py does, which takes most refusals for errors of a command; pass it
    to every connection as its ``parser_class``."""

    @classmethod
    def parse_error(cls, response: str) -> Exception:
        return judged(super().parse_error(response), response)  # type: ignore[no-untyped-call]


def judged(error: Exception, response: str) -> Exception:
    """The exception for an answer of Redis: that of redis-py, or ``Refused``."""
    if isinstance(error, AWAY):
        return error
    code = response.split(" ", 1)[0]
    inside = _INSIDE.search(response) if code in ("ERR", "EXECABORT") else None
    code = inside.group(1) if inside else code
    is_of_the_command = code in OF_THE_COMMAND or not code.isupper()
    return error if is_of_the_command else Refused(response, status_code=code)


def client(redis_url: str | None = None) -> Redis:
    """The process's client of the Redis at ``redis_url``, by default that of the settings. Opens
    its connection on first use (so never shared across a fork) and retries through a short restart.

    Raises:
        Misconfigured: no URL is set.
    """
    return _client(settings().redis_url if redis_url is None else redis_url)


@cache
def _client(redis_url: str) -> Redis:
    if not redis_url:
        raise Misconfigured("redis_url", "no Redis: run `earshot up`, or set EARSHOT_REDIS_URL")
    return Redis.from_url(
        redis_url,
        parser_class=Parser,
        socket_connect_timeout=5,
        # longer than any blocking read, so that only a frozen server or a dead line exceeds it
        socket_timeout=5,
        health_check_interval=5,
        retry=Retry(ExponentialBackoff(cap=2.0, base=0.1), retries=6),
        retry_on_error=list(AWAY),
        **client_options(redis_url, settings().redis_ca),
    )


LASTING = re.compile(
    r"events|events_trimmed|retention_seen|refused|refused:total|started|deleted|paused|workers|upkeep_runs|timings"
    r"|unacked(_train_noise_classifier)?(_index|_mutex)?|train_noise_classifier|_kombu\.binding(_deadlines|(_permanent)?\..*)"
    r"|.*\.pidbox|celeryev.*"
)
"""Keys besides the queues that may lack an expiry: bounded ones of ours, the old trainings', and
Celery's own."""
LOOKED_AT = 20_000


def without_expiry(redis: Redis, queues: Collection[str]) -> list[str]:
    """Keys without expiry that are neither queues nor ``LASTING``, among the first
    ``LOOKED_AT``."""
    found: list[str] = []
    keys = list(islice(redis.scan_iter(count=1000), LOOKED_AT))
    for start in range(0, len(keys), 1000):
        page = keys[start : start + 1000]
        pipeline = redis.pipeline(transaction=False)
        for key in page:
            pipeline.ttl(key)
        found += [
            key.decode() for key, ttl in zip(page, pipeline.execute(), strict=True) if ttl == -1
        ]
    return [key for key in found if key not in queues and not LASTING.fullmatch(key)]


def impatient(redis_url: str | None = None) -> Redis:
    """As ``client``, for callers that must not wait: one try, two seconds."""
    return _impatient(settings().redis_url if redis_url is None else redis_url)


@cache
def _impatient(redis_url: str) -> Redis:
    options = {
        "socket_connect_timeout": 2,
        "socket_timeout": 2,
        **client_options(redis_url, settings().redis_ca),
    }
    return Redis.from_url(redis_url, parser_class=Parser, retry=Retry(NoBackoff(), 0), **options)


@contextmanager
def lost_connections() -> Iterator[None]:
    """Turns errors of a Redis that is unavailable or refuses for longer than the client's own
    retries into ``Unavailable``. Errors of commands are left unchanged: waiting does not help."""
    try:
        yield
    except AWAY as error:
        raise away(error) from error


def away(error: RedisError) -> Unavailable:
    """The error as ours."""
    says = "refuses" if isinstance(error, Refused) else "does not answer"
    return Unavailable(
        "redis_away",
        f"Redis {says}: {one_line(error)}",
    )
