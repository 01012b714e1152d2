"""The outbox: events stored with the facts they tell of, and the relay that publishes them
afterwards."""

from collections.abc import Iterable, Sequence
from typing import Any

from psycopg.types.json import Jsonb
from redis import Redis

from earshot.analysis.events import Event
from earshot.storage.postgres.db import Connection
from earshot.storage.postgres.queries import queries
from earshot.storage.redis import stream

SQL = queries("outbox")

LATELY_SEC = 120
"""How far back each pass looks for events that Redis lost; several times the pause between two
passes."""
BATCH = 500
"""Events published per transaction: a crash in between publishes at most these again, and the
stream refuses their ids."""


def add(connection: Connection, told: Iterable[Event]) -> None:
    """Stores events; to be called inside the transaction that stores what they tell of."""
    _store(connection, "add", told)


def _store(connection: Connection, query: str, told: Iterable[Event]) -> None:
    rows = [
        {"id": event.id, "recording_id": event.recording_id, "body": Jsonb(event.body)}
        for event in told
    ]
    if rows:
        connection.cursor().executemany(SQL[query], rows)


def announce(connection: Connection, redis: Redis, told: Sequence[Event]) -> None:
    """Stores events that cannot wait for a merge, in a transaction of their own, and publishes them
    ahead of whatever waits. Telling them again changes nothing. If Redis is away they are stored,
    and relayed later. Of a recording that was deleted nothing is told."""
    _store(connection, "add_if_there", told)
    with connection.transaction():
        rows = connection.execute(
            SQL["take_named"], {"ids": [event.id for event in told]}
        ).fetchall()
        _publish(connection, redis, rows)


def relay(connection: Connection, redis: Redis) -> int:
    """Publishes what waits, oldest first, and returns how many. Safe to run anywhere at any time:
    rows are locked while they are published, and an id that was published is not published
    again."""
    published = 0
    while True:
        with connection.transaction():
            rows = connection.execute(SQL["take_unpublished"], {"limit": BATCH}).fetchall()
            _publish(connection, redis, rows)
        published += len(rows)
        if len(rows) < BATCH:
            return published


def _publish(connection: Connection, redis: Redis, rows: Sequence[dict[str, Any]]) -> None:
    stream_ids = stream.publish(redis, [row["body"] for row in rows])
    marks = [
        {"seq": row["seq"], "stream_id": stream_id}
        for row, stream_id in zip(rows, stream_ids, strict=True)
    ]
    connection.cursor().executemany(SQL["mark_published"], marks)


def unpublished(connection: Connection, age_sec: float) -> tuple[int, float]:
    """How many events have waited for longer than that, and since when the oldest has (seconds
    since the epoch)."""
    row = connection.execute(SQL["unpublished"], {"age_sec": age_sec}).fetchone()
    return (row["events"], row["since"] or 0.0) if row else (0, 0.0)


def restore(connection: Connection, redis: Redis) -> int:
    """Marks events that Redis has lost as unpublished, for the next ``relay``, and returns how
    many. A look at what was published lately tells whether anything was lost; only then everything
    that the stream should still hold is looked up."""
    lately = connection.execute(SQL["published_lately"], {"lately_sec": LATELY_SEC}).fetchall()
    if not _lost(redis, lately):
        return 0
    restored, after = 0, -1
    while True:
        window = {"since_sec": stream.REMEMBER_SEC, "after": after, "limit": BATCH}
        rows = connection.execute(SQL["published_since"], window).fetchall()
        if not rows:
            return restored
        lost = _lost(redis, rows)
        stream.forget(redis, [str(row["id"]) for row in lost])
        connection.cursor().executemany(SQL["mark_unpublished"], lost)
        restored, after = restored + len(lost), rows[-1]["seq"]


def _lost(redis: Redis, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    present = stream.present(redis, [row["stream_id"] for row in rows])
    return [row for row in rows if row["stream_id"] not in present]


def stream_id(connection: Connection, event_id: str) -> str | None:
    """Where in the stream an event was published."""
    row = connection.execute(SQL["stream_id"], {"id": event_id}).fetchone()
    return row["stream_id"] if row else None
