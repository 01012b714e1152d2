"""Removes old data by class, in bounded batches, and measures each class."""

from collections.abc import Collection, Iterable
from typing import Any, cast
from uuid import UUID

from redis import Redis

from earshot.analysis.errors import SURROUNDINGS
from earshot.storage.postgres.db import Connection
from earshot.storage.postgres.queries import queries
from earshot.storage.redis import stream
from earshot.storage.redis.client import lost_connections

SQL = queries("retention")

DAY_SEC = 86_400
SEEN, HELD = "retention_seen", "retention_held"
"""Keys: Postgres's time at the last pass, and, for a day, a mark that it has jumped."""


def finished(connection: Connection, age_sec: float, limit: int) -> list[UUID]:
    """Recordings that were complete, or partial, that long ago; oldest first."""
    return _ids(connection, "recordings", age_sec, limit)


def failed(connection: Connection, age_sec: float, limit: int) -> list[UUID]:
    """Recordings that failed that long ago, oldest first."""
    return _ids(connection, "failed", age_sec, limit)


def take_audio(connection: Connection, age_sec: float, limit: int) -> list[UUID]:
    """Recordings with audio that were finished that long ago, locked until the caller's transaction
    ends."""
    return _ids(connection, "take_audio", age_sec, limit)


def audio_expired(connection: Connection, ids: Collection[UUID]) -> None:
    """Records that the audio of the recordings is gone; in the transaction of ``take_audio``, after
    its removal."""
    connection.execute(SQL["audio_expired"], {"ids": list(ids)})


def drop_events(connection: Connection, redis: Redis, age_sec: float, limit: int) -> int:
    """Removes events published that long ago from the outbox and the stream; returns their
    number."""
    with connection.transaction():
        rows = connection.execute(
            SQL["drop_events"], {"age_sec": age_sec, "limit": limit}
        ).fetchall()
        placed = [row for row in rows if row["place"] is not None]
        last = {row["tenant"]: row for row in sorted(placed, key=lambda row: int(row["place"]))}
        for tenant in sorted(last):  # one order for all, so that none waits for another in a circle
            connection.execute(SQL["note_trimmed"], last[tenant])
        stream.withdraw(redis, [str(row["id"]) for row in rows], [row["stream_id"] for row in rows])
    return len(rows)


def drop_dead_letters(connection: Connection, age_sec: float, limit: int) -> int:
    """Removes dead letters decided that long ago; returns their number."""
    return connection.execute(
        SQL["drop_dead_letters"], {"age_sec": age_sec, "limit": limit}
    ).rowcount


def open_uploads(connection: Connection, failed_sec: float | None) -> set[str]:
    """URIs of requests that are unfinished, or that failed for an unavailable dependency; with
    ``failed_sec`` of these only those that failed within that time."""
    args = {"age_sec": failed_sec, "codes": list(SURROUNDINGS)}
    return {row["uri"] for row in connection.execute(SQL["open_uploads"], args)}


def unknown(connection: Connection, ids: Iterable[UUID]) -> set[UUID]:
    """The ids without a recording."""
    wanted = set(ids)
    return wanted - {row["id"] for row in connection.execute(SQL["known"], {"ids": list(wanted)})}


def sizes(connection: Connection) -> dict[str, dict[str, Any]]:
    """``number``, ``bytes`` and ``oldest`` (seconds since the epoch) by class."""
    return {row["class"]: row for row in connection.execute(SQL["sizes"])}


@lost_connections()
def is_held(connection: Connection, redis: Redis) -> bool:
    """True if nothing may be removed for its age: within a day after Postgres's clock advanced by
    more than a day between two passes. Either it was set, which leaves a day to correct it, or no
    pass ran for that long, and a day does no harm."""
    row = connection.execute(SQL["now"]).fetchone()
    now = float(row["now"]) if row else 0.0
    before = cast(bytes | None, redis.set(SEEN, now, get=True))
    if before is not None and now - float(before) > DAY_SEC:
        redis.set(HELD, 1, ex=DAY_SEC)
    return bool(redis.exists(HELD))


def _ids(connection: Connection, query: str, age_sec: float, limit: int) -> list[UUID]:
    return [
        row["id"] for row in connection.execute(SQL[query], {"age_sec": age_sec, "limit": limit})
    ]
