"""Tokens of language models used in a day (UTC), by all processes together."""

from datetime import UTC, datetime
from typing import cast

from redis import Redis

from earshot.storage.redis.client import lost_connections

KEPT_SEC = 3 * 86_400

_RESERVE = """
local left = tonumber(ARGV[2]) - tonumber(redis.call('GET', KEYS[1]) or 0)
local granted = math.max(0, math.min(tonumber(ARGV[1]), left))
redis.call('INCRBY', KEYS[1], granted)
redis.call('EXPIRE', KEYS[1], ARGV[3])
return granted
"""


def today() -> str:
    """The present day, as ``reserve`` and ``correct`` take it."""
    return datetime.now(UTC).date().isoformat()


@lost_connections()
def reserve(redis: Redis, day: str, wanted: int, most: int) -> int:
    """Counts up to ``wanted`` tokens as used, of ``most`` in the day; returns how many.

    Raises:
        Unavailable: Redis does not answer.
    """
    asked = (str(wanted), str(most), str(KEPT_SEC))
    return cast(int, redis.eval(_RESERVE, 1, f"tokens:{day}", *asked))


@lost_connections()
def correct(redis: Redis, day: str, difference: int) -> None:
    """Adds what was used beyond a reservation; negative for what of it was not.

    Raises:
        Unavailable: Redis does not answer.
    """
    pipeline = redis.pipeline()
    pipeline.incrby(f"tokens:{day}", difference)
    pipeline.expire(f"tokens:{day}", KEPT_SEC)
    pipeline.execute()
