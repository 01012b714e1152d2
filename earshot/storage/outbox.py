"""The outbox: events stored in the transaction of their facts, and the relay that publishes them
afterwards."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from psycopg.types.json import Jsonb
from redis import Redis

from earshot.analysis.events import Event
from earshot.storage.postgres import deliveries
from earshot.storage.postgres.db import Connection
from earshot.storage.postgres.queries import queries
from earshot.storage.redis import stream

SQL = queries("outbox")

LATELY_SEC = 120
"""Age of the events checked for loss in Redis by each pass; several times the pause between two
passes."""
CHANNEL = "earshot_events"
"""Postgres notifies it when events have become visible to readers."""
BATCH = 500
"""Events published per transaction: a crash in between publishes at most these again, and the
stream refuses their ids."""


def add(connection: Connection, events: Iterable[Event]) -> None:
    """Stores events; call it inside the transaction that stores their facts."""
    _store(connection, "add", events)


def _store(connection: Connection, query: str, events: Iterable[Event]) -> None:
    rows = [
        {"id": event.id, "recording_id": event.recording_id, "body": Jsonb(event.body)}
        for event in events
    ]
    if rows:
        connection.cursor().executemany(SQL[query], rows)


def announce(connection: Connection, redis: Redis, events: Sequence[Event]) -> None:
    """Stores urgent events in a separate transaction, and publishes them ahead of other pending
    events. Repeating the call changes nothing. If Redis is unavailable they are stored, and relayed
    later. Events of a deleted recording are dropped."""
    _store(connection, "add_if_there", events)
    arrange(connection)
    with connection.transaction():
        rows = connection.execute(
            SQL["take_named"], {"ids": [event.id for event in events]}
        ).fetchall()
        _publish(connection, redis, rows)


def relay(connection: Connection, redis: Redis) -> int:
    """Publishes pending events, oldest first, and returns their number. Safe to run anywhere at any
    time: rows are locked while they are published, and a published id is not published again."""
    published = 0
    arrange(connection)
    while True:
        with connection.transaction():
            rows = connection.execute(SQL["take_unpublished"], {"limit": BATCH}).fetchall()
            _publish(connection, redis, rows)
        published += len(rows)
        if len(rows) < BATCH:
            return published


class Placed(NamedTuple):
    """A stored event with its places."""

    position: int
    """Among the events of all tenants; no tenant may see it, since it counts those of others."""
    place: int
    """Among the events of its tenant, from 1 and without gaps."""
    id: UUID
    recording_id: UUID
    tenant: str
    body: dict[str, Any]


def arrange(connection: Connection) -> None:
    """Gives new events their positions and places, in the order of which readers (``after``) see
    them, and stores a delivery for each webhook that wants them. An event that is published again
    keeps them."""
    given = BATCH
    while given == BATCH:
        with connection.transaction():
            connection.execute(SQL["lock_positions"])
            rows = connection.execute(SQL["give_positions"], {"limit": BATCH}).fetchall()
            given = len(rows)
            if given:
                deliveries.add(connection, [row["position"] for row in rows])
                connection.execute(SQL["notify"], {"channel": CHANNEL})


def after(connection: Connection, position: int, limit: int = BATCH) -> list[Placed]:
    """Events of all tenants behind ``position``, in order."""
    rows = connection.execute(SQL["after"], {"after": position, "limit": limit})
    return [Placed(**row) for row in rows]


def after_of_tenant(
    connection: Connection,
    tenant: str,
    place: int,
    until: int,
    *,
    types: Collection[str] = (),
    recording_id: UUID | None = None,
    limit: int = BATCH,
) -> list[Placed]:
    """Events of a tenant behind ``place``, up to and including the position ``until``, in order; of
    these types, and of this recording, if any are named."""
    args = {
        "tenant": tenant,
        "after": place,
        "until": until,
        "types": list(types),
        "recording_id": recording_id,
        "limit": limit,
    }
    return [Placed(**row) for row in connection.execute(SQL["after_of_tenant"], args)]


class Standing(NamedTuple):
    """How far positions, or the places of a tenant, reach."""

    last: int
    """Of the newest event, there or removed by retention; 0 without one."""
    trimmed: int
    """The last one that retention has removed: a reader from before it has missed events."""


def standing(connection: Connection) -> Standing:
    """How far the positions reach now."""
    row = connection.execute(SQL["standing"]).fetchone()
    assert row is not None
    return Standing(**row)


def standing_of_tenant(connection: Connection, tenant: str) -> Standing:
    """How far the places of a tenant reach now; none above ``last`` was ever seen."""
    row = connection.execute(SQL["standing_of_tenant"], {"tenant": tenant}).fetchone()
    assert row is not None
    return Standing(**row)


def position_behind(connection: Connection, tenant: str, place: int) -> int:
    """A position with all the tenant's events up to ``place`` before it, and the others behind."""
    args = {"tenant": tenant, "place": place}
    row = connection.execute(SQL["position_behind"], args).fetchone()
    assert row is not None
    return int(row["position"])


def place_at(connection: Connection, tenant: str, position: int) -> int:
    """Place of the tenant's last kept event up to ``position``; 0 without one."""
    args = {"tenant": tenant, "position": position}
    row = connection.execute(SQL["place_at"], args).fetchone()
    return int(row["place"]) if row else 0


def _publish(connection: Connection, redis: Redis, rows: Sequence[dict[str, Any]]) -> None:
    stream_ids = stream.publish(redis, [row["body"] for row in rows])
    marks = [
        {"seq": row["seq"], "stream_id": stream_id}
        for row, stream_id in zip(rows, stream_ids, strict=True)
    ]
    connection.cursor().executemany(SQL["mark_published"], marks)


def unpublished(connection: Connection, age_sec: float) -> tuple[int, float]:
    """Number of events pending for longer than that, and the time of the oldest (seconds since the
    epoch)."""
    row = connection.execute(SQL["unpublished"], {"age_sec": age_sec}).fetchone()
    return (row["events"], row["since"] or 0.0) if row else (0, 0.0)


def restore(connection: Connection, redis: Redis) -> int:
    """Marks events lost by Redis as unpublished, for the next ``relay``, and returns their number.
    Recently published events show if anything was lost; only then are all events compared with the
    stream."""
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
    """Position of an event in the stream."""
    row = connection.execute(SQL["stream_id"], {"id": event_id}).fetchone()
    return row["stream_id"] if row else None
