"""Refused messages: the newest ones and their reasons, on a Redis stream, and counts for each
reason."""

import logging
from typing import Any, NamedTuple, cast
from uuid import UUID

from redis import Redis

from earshot.storage.redis.client import lost_connections

log = logging.getLogger(__name__)

KEY = "refused"
TOTAL = "refused:total"
MAX_KEPT = 1000
MESSAGE_BYTES = 2048


class Refused(NamedTuple):
    """One refused message. ``reason`` is a stable word, ``detail`` one line, ``message`` its first
    2 kB."""

    id: str
    """Id in the stream: milliseconds since 1970, a hyphen, a number."""
    queue: str
    reason: str
    detail: str
    message: str


@lost_connections()
def put_aside(redis: Redis, queue: str, reason: str, detail: str, message: bytes) -> None:
    """Counts a message and stores its beginning.

    Raises:
        Unavailable: Redis does not answer.
    """
    fields = {
        "queue": queue,
        "reason": reason,
        "detail": detail,
        "message": message[:MESSAGE_BYTES],
    }
    pipeline = redis.pipeline()
    pipeline.xadd(KEY, cast(Any, fields), maxlen=MAX_KEPT)
    pipeline.hincrby(TOTAL, reason, 1)
    pipeline.execute()


def deleted(redis: Redis, queue: str, recording_id: UUID, message: str) -> None:
    """Refuses a message about a deleted recording, with a line in the log."""
    detail = f"there is no recording {recording_id} (any more)"
    log.error("refused a message on queue %s: deleted: %s", queue, detail)
    put_aside(redis, queue, "deleted", detail, message.encode())


@lost_connections()
def forget(redis: Redis, before: float) -> int:
    """Drops messages refused before that time (seconds since the epoch); the counts stay."""
    return int(redis.xtrim(KEY, minid=int(before * 1000), approximate=False))


@lost_connections()
def size(redis: Redis) -> tuple[int, int, float | None]:
    """Number of stored messages, their size in Redis in bytes, and since when (seconds since the
    epoch)."""
    first = cast(Any, redis.xrange(KEY, count=1))
    oldest = int(_text(first[0][0]).partition("-")[0]) / 1000 if first else None
    return int(redis.xlen(KEY)), int(cast(Any, redis.memory_usage(KEY)) or 0), oldest


@lost_connections()
def counts(redis: Redis) -> dict[str, int]:
    """Total number of refused messages, by reason."""
    found = cast(dict[bytes, bytes], redis.hgetall(TOTAL))
    return {reason.decode(): int(number) for reason, number in found.items()}


@lost_connections()
def latest(redis: Redis, count: int) -> list[Refused]:
    """The newest refused messages, newest first."""
    entries = cast(Any, redis.xrevrange(KEY, count=count))
    return [
        Refused(_text(entry), **{_text(key): _text(value) for key, value in fields.items()})
        for entry, fields in entries
    ]


def _text(value: bytes) -> str:
    return value.decode(errors="backslashreplace")
