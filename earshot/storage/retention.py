"""What is old enough to go, by class, in bounded batches; and how much of each class there is."""

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
"""Keys: Postgres's time at the last look, and, for a day, that it has leapt."""


def finished(connection: Connection, age_sec: float, limit: int) -> list[UUID]:
    """Recordings that were complete, or partial, so long ago; the oldest first."""
    return _ids(connection, "recordings", age_sec, limit)


def failed(connection: Connection, age_sec: float, limit: int) -> list[UUID]:
    """Recordings that failed so long ago, the oldest first."""
    return _ids(connection, "failed", age_sec, limit)


def take_audio(connection: Connection, age_sec: float, limit: int) -> list[UUID]:
    """Recordings with audio that were finished so long ago, locked until the caller's transaction
    ends."""
    return _ids(connection, "take_audio", age_sec, limit)


def audio_expired(connection: Connection, ids: Collection[UUID]) -> None:
    """Notes that the recordings have no audio any more; in the transaction of ``take_audio``, after
    it is gone."""
    connection.execute(SQL["audio_expired"], {"ids": list(ids)})


def drop_events(connection: Connection, redis: Redis, age_sec: float, limit: int) -> int:
    """Forgets events that were published so long ago, in the outbox and in the stream; returns how
    many."""
    with connection.transaction():
        rows = connection.execute(
            SQL["drop_events"], {"age_sec": age_sec, "limit": limit}
        ).fetchall()
        stream.withdraw(redis, [str(row["id"]) for row in rows], [row["stream_id"] for row in rows])
    return len(rows)


def drop_dead_letters(connection: Connection, age_sec: float, limit: int) -> int:
    """Forgets dead letters that were decided on so long ago; returns how many."""
    return connection.execute(
        SQL["drop_dead_letters"], {"age_sec": age_sec, "limit": limit}
    ).rowcount


def open_uploads(connection: Connection, failed_sec: float | None) -> set[str]:
    """URIs of requests that are not done, or that failed for their surroundings; with
    ``failed_sec`` of these only those that failed within that time."""
    args = {"age_sec": failed_sec, "codes": list(SURROUNDINGS)}
    return {row["uri"] for row in connection.execute(SQL["open_uploads"], args)}


def unknown(connection: Connection, ids: Iterable[UUID]) -> set[UUID]:
    """Those of the ids that no recording has."""
    wanted = set(ids)
    return wanted - {row["id"] for row in connection.execute(SQL["known"], {"ids": list(wanted)})}


def sizes(connection: Connection) -> dict[str, dict[str, Any]]:
    """Class to ``number``, ``bytes`` and ``oldest`` (seconds since the epoch)."""
    return {row["class"]: row for row in connection.execute(SQL["sizes"])}


@lost_connections()
def is_held(connection: Connection, redis: Redis) -> bool:
    """Whether nothing may go for its age: within a day after Postgres's clock went on by more than
    a day from one look to the next. Either it was set, and somebody has a day to set it right, or
    nobody has looked for so long, and a day does no harm."""
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
