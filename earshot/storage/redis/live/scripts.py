"""Scripts that Redis runs."""

from typing import Any

from redis.asyncio import Redis

from earshot.storage.redis.live.keys import KEPT_MS

NOW = "local t = redis.call('TIME') local now = t[1] * 1000 + math.floor(t[2] / 1000) "
"""Begin of a script: its time in ms as ``now``."""
KEPT = f"local kept = {KEPT_MS} "
"""Begin of a script: the expiry of keys in ms."""


def entries(found: Any) -> list[Any]:
    """Entries of the one stream that was read, each an id and its fields."""
    return [entry for _, part in found or () for entry in part]


async def run(redis: Redis, script: str, keys: list[str], *arguments: Any) -> Any:
    """The answer of a script."""
    return await redis.register_script(script)(keys=keys, args=list(arguments))
