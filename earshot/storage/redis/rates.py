"""Rate limits: one bucket of tokens for each caller, in Redis, for all processes together."""

import math
from typing import cast

from redis import Redis

from earshot.storage.redis.client import lost_connections

# The generic cell rate algorithm: one number, the time at which the bucket will be full again.
_TAKE = """
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local step, burst, wanted = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local full = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), now)
local free = (now - full) / step + burst
if free < 1 then return {0, math.ceil((1 - free) * step)} end
local taken = math.min(math.floor(free), wanted)
full = full + step * taken
redis.call('SET', KEYS[1], string.format('%.3f', full), 'PX', math.ceil(full - now) + 1000)
return {taken, 0}
"""


@lost_connections()
def take(redis: Redis, caller: str, per_sec: float, burst: int, wanted: int = 1) -> tuple[int, int]:
    """Counts up to ``wanted`` requests; returns their number and, if that is 0, the seconds after
    which the next one is admitted.

    Raises:
        Unavailable: Redis does not answer.
    """
    asked = (str(1000 / per_sec), str(burst), str(wanted))
    taken, wait_ms = cast("list[int]", redis.eval(_TAKE, 1, f"rate:{caller}", *asked))
    return taken, math.ceil(wait_ms / 1000)
