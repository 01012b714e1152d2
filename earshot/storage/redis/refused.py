"""Messages that no worker takes: the newest ones and why, on a Redis stream, and how many there
were for each reason."""

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
    """One message that was put aside. ``reason`` is a stable word, ``detail`` one line, ``message``
    its first 2 kB."""

    id: str
    """The stream's: milliseconds since 1970, a hyphen, a number."""
    queue: str
    reason: str
    detail: str
    message: str


@lost_connections()
def put_aside(redis: Redis, queue: str, reason: str, detail: str, message: bytes) -> None:
    """Counts a message and keeps the beginning of it.

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
    """Puts aside a message about a recording that is not there any more, and says so in one
    line."""
    detail = f"there is no recording {recording_id} (any more)"
    log.error("refused a message on queue %s: deleted: %s", queue, detail)
    put_aside(redis, queue, "deleted", detail, message.encode())


@lost_connections()
def forget(redis: Redis, before: float) -> int:
    """Drops the messages that were put aside before that time (seconds since the epoch); how many
    there were stays counted."""
    return int(redis.xtrim(KEY, minid=int(before * 1000), approximate=False))


@lost_connections()
def size(redis: Redis) -> tuple[int, int, float | None]:
    """How many messages are kept, in how many bytes of Redis, and since when (seconds since the
    epoch)."""
    first = cast(Any, redis.xrange(KEY, count=1))
    oldest = int(_text(first[0][0]).partition("-")[0]) / 1000 if first else None
    return int(redis.xlen(KEY)), int(cast(Any, redis.memory_usage(KEY)) or 0), oldest


@lost_connections()
def counts(redis: Redis) -> dict[str, int]:
    """How many messages were ever refused, by reason."""
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
