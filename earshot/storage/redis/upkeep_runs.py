"""When each task of upkeep has run last, by Redis's own clock, so that nobody's clock is compared
with another's."""

from collections.abc import Iterable
from typing import cast

from redis import Redis

from earshot.storage.redis.client import lost_connections

KEY = "upkeep_runs"
"""Hash: name of the task to seconds since the epoch."""


@lost_connections()
def note(redis: Redis, name: str) -> None:
    """The task has just done its work."""
    redis.hset(KEY, name, str(_now(redis)))


@lost_connections()
def ages(redis: Redis, names: Iterable[str]) -> dict[str, float | None]:
    """Seconds since each has run; None for one that has not, or whose time is in the future: the
    clock was set back since."""
    now, wanted = _now(redis), list(names)
    runs = cast(list[bytes | None], redis.hmget(KEY, wanted))
    found = {
        name: None if at is None else now - float(at) for name, at in zip(wanted, runs, strict=True)
    }
    return {name: age if age is not None and age > -1 else None for name, age in found.items()}


def _now(redis: Redis) -> float:
    seconds, micros = redis.time()
    return seconds + micros / 1e6
