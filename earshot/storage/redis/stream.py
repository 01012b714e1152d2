"""The Redis stream ``events``: published once per event id, read from any position."""

import json
from collections.abc import Sequence
from typing import Any, cast

from redis import Redis

from earshot.storage.redis.client import lost_connections

KEY = "events"
MAX_EVENTS = 200_000
"""Older events leave the stream; the outbox table keeps them all."""
TRIMMED = "events_trimmed"
"""Key: the oldest entry left when the stream last dropped some for their number. Its length does
not show that: events of deleted recordings leave it too."""
REMEMBER_SEC = 86_400
"""Time for which an id is remembered as published; a dead relay's work is repeated much earlier."""

_PUBLISH_ONCE = """
local known = redis.call('GET', KEYS[2])
if known then return known end
local before = redis.call('XLEN', KEYS[1])
local entry = redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[1], '*', 'event', ARGV[2])
if redis.call('XLEN', KEYS[1]) <= before then
  redis.call('SET', KEYS[3], redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 1)[1][1])
end
redis.call('SET', KEYS[2], entry, 'EX', ARGV[3])
return entry
"""


@lost_connections()
def publish(redis: Redis, bodies: Sequence[dict[str, Any]]) -> list[str]:
    """Appends events and returns their stream ids; an already published event keeps its first
    position."""
    pipeline = redis.pipeline(transaction=False)
    for body in bodies:
        text = json.dumps(body, separators=(",", ":"), ensure_ascii=False)
        pipeline.eval(
            _PUBLISH_ONCE, 3, KEY, f"{KEY}:{body['id']}", TRIMMED, MAX_EVENTS, text, REMEMBER_SEC
        )
    return [_text(entry) for entry in pipeline.execute()]


@lost_connections()
def present(redis: Redis, stream_ids: Sequence[str]) -> set[str]:
    """The entries that are in the stream; those dropped for their age (``MAX_EVENTS``) count as
    present."""
    pipeline = redis.pipeline(transaction=False)
    for stream_id in stream_ids:
        pipeline.xrange(KEY, stream_id, stream_id)
    found = {each for each, entries in zip(stream_ids, pipeline.execute(), strict=True) if entries}
    trimmed = _trimmed(redis)
    return found | {each for each in stream_ids if trimmed is not None and _place(each) < trimmed}


@lost_connections()
def forget(redis: Redis, event_ids: Sequence[str]) -> int:
    """Allows events to be published once more; returns the number of remembered ones."""
    return redis.delete(*(f"{KEY}:{event_id}" for event_id in event_ids)) if event_ids else 0


@lost_connections()
def oldest_kept(redis: Redis) -> float | None:
    """Publication time of the oldest event that the stream has not dropped for its number, seconds
    since the epoch on Redis's clock; None if it has dropped none."""
    trimmed = _trimmed(redis)
    return None if trimmed is None else trimmed[0] / 1000


def _trimmed(redis: Redis) -> tuple[int, ...] | None:
    entry = redis.get(TRIMMED)
    return None if entry is None else _place(_text(entry))


@lost_connections()
def size(redis: Redis) -> tuple[int, int]:
    """Number of events in the stream, and their approximate size in Redis in bytes."""
    return int(redis.xlen(KEY)), int(cast(Any, redis.memory_usage(KEY)) or 0)


@lost_connections()
def withdraw(redis: Redis, event_ids: Sequence[str], stream_ids: Sequence[str]) -> tuple[int, int]:
    """Removes events from the stream, also those whose relay died before it could record their
    position. Returns the number of entries, and of remembered ids."""
    known = (
        cast(list[bytes | None], redis.mget([f"{KEY}:{each}" for each in event_ids]))
        if event_ids
        else []
    )
    entries = {*stream_ids, *(_text(each) for each in known if each)}
    held = redis.xdel(KEY, *entries) if entries else 0
    return held, forget(redis, event_ids)


@lost_connections()
def read(
    redis: Redis, after: str = "0", block_ms: int | None = None, count: int = 500
) -> list[tuple[str, dict[str, Any]]]:
    """Events after the stream id ``after`` (``0``: from the oldest kept; ``$``: new ones only),
    waiting up to ``block_ms``."""
    answer = cast(Any, redis.xread({KEY: after}, count=count, block=block_ms))
    entries = answer[0][1] if answer else []
    return [
        (_text(entry), json.loads(fields.get(b"event") or fields["event"]))
        for entry, fields in entries
    ]


@lost_connections()
def last_id(redis: Redis) -> str:
    """Stream id of the newest event, or ``0``."""
    newest = cast(Any, redis.xrevrange(KEY, count=1))
    return _text(newest[0][0]) if newest else "0"


def _place(stream_id: str) -> tuple[int, ...]:
    return tuple(map(int, stream_id.split("-")))


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value
