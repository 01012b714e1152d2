"""Time of the last run of each upkeep task, by Redis's own clock, so that no clocks of different
machines are compared."""

from collections.abc import Iterable
from typing import cast

from redis import Redis

from earshot.storage.redis.client import lost_connections

KEY = "upkeep_runs"
"""Hash: name of the task to seconds since the epoch."""


@lost_connections()
def note(redis: Redis, name: str) -> None:
    """Records a run of the task."""
    redis.hset(KEY, name, str(_now(redis)))


@lost_connections()
def ages(redis: Redis, names: Iterable[str]) -> dict[str, float | None]:
    """Seconds since the last run of each; None if there was none, or its time is in the future: the
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
