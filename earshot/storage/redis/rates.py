"""Rate limits: one bucket of tokens for each caller, in Redis, for all processes together."""

import math
from typing import cast

from redis import Redis

from earshot.storage.redis.client import lost_connections

# The generic cell rate algorithm: one number, the time at which the bucket will be full again.
_TAKE = """
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local step, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local full = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), now) + step
local early = full - now - step * burst
if early > 0 then return math.ceil(early) end
redis.call('SET', KEYS[1], string.format('%.3f', full), 'PX', math.ceil(full - now) + 1000)
return 0
"""


@lost_connections()
def take(redis: Redis, caller: str, per_sec: float, burst: int) -> int:
    """Counts one request; returns 0, or the seconds after which the next one is admitted.

    Raises:
        Unavailable: Redis does not answer.
    """
    wait_ms = cast(int, redis.eval(_TAKE, 1, f"rate:{caller}", str(1000 / per_sec), str(burst)))
    return math.ceil(wait_ms / 1000)
