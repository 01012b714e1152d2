"""The outbox: events stored with the facts they tell of, and the relay that publishes them afterwards."""

from collections.abc import Iterable

from psycopg.types.json import Jsonb
from redis import Redis

from analysis.events import Event
from storage import stream
from storage.db import Connection
from storage.queries import queries

SQL = queries("outbox")

BATCH = 500
"""Events published per transaction: a crash in between publishes at most these again, and the stream refuses their ids."""


def add(connection: Connection, told: Iterable[Event]) -> None:
    """Stores events; to be called inside the transaction that stores what they tell of."""
    rows = [{"id": event.id, "recording_id": event.recording_id, "body": Jsonb(event.body)} for event in told]
    if rows:
        connection.cursor().executemany(SQL["add"], rows)


def relay(connection: Connection, redis: Redis) -> int:
    """Publishes what waits, oldest first, and returns how many. Safe to run anywhere at any time: rows are locked while they
    are published, and an id that was published is not published again."""
    published = 0
    while True:
        with connection.transaction():
            rows = connection.execute(SQL["take_unpublished"], {"limit": BATCH}).fetchall()
            stream_ids = stream.publish(redis, [row["body"] for row in rows])
            marks = [{"seq": row["seq"], "stream_id": stream_id} for row, stream_id in zip(rows, stream_ids, strict=True)]
            connection.cursor().executemany(SQL["mark_published"], marks)
        published += len(rows)
        if len(rows) < BATCH:
            return published


def stream_id(connection: Connection, event_id: str) -> str | None:
    """Where in the stream an event was published."""
    row = connection.execute(SQL["stream_id"], {"id": event_id}).fetchone()
    return row["stream_id"] if row else None
