"""Tombstones: a recording's rows are deleted in one transaction that leaves a tombstone, with a
list of its remaining data in Redis, the audio store and its users' folders. The deletion is open
until all of it is gone, and upkeep continues it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from earshot.analysis import events
from earshot.analysis.deletion import Checked, Counts, DeletionReceipt, Why
from earshot.analysis.errors import Permanent
from earshot.analysis.types import ChunkKey
from earshot.storage import holds, outbox
from earshot.storage.deletions import Export, Leftovers, Tombstone
from earshot.storage.postgres.db import Connection
from earshot.storage.postgres.queries import queries

SQL = queries("tombstones")

TABLES = (
    "hold",
    "webhook_delivery",
    "idempotency",
    "rule_match",
    "correction_version",
    "correction",
    "upload",
    "dead_letter",
    "shadow_answer",
    "shadow_recording",
    "finding",
    "segment",
    "report",
    "chunk",
    "recording",
)
"""In the order of deletion; besides ``export`` and ``outbox``, of which more than the number is
kept."""


def bury(
    connection: Connection, ids: Collection[UUID], why: Why, young_sec: float, late_sec: float
) -> list[UUID]:
    """Deletes the recordings' rows in any state, and leaves their tombstones; returns those that
    existed. What is on hold stays.

    Args:
        young_sec: time after the end of a recording in which queues and results may still name it.
        late_sec: time in which jobs running now may still write about it.

    Raises:
        Permanent: ``on_hold``, some that a user asked for are on hold; none is deleted.
    """
    args = {"ids": sorted(ids)}
    with connection.transaction():
        connection.execute(SQL["guard"], args)
        held = holds.held(connection, ids)
        if held and why == "asked":
            raise holds.on_hold(held)
        args = {"ids": sorted(set(ids) - held)}
        rows = connection.execute(SQL["lock"], {**args, "young_sec": young_sec}).fetchall()
        left = _leftovers(connection, rows)
        removed = {
            each: {"outbox": len(left[each].events), "export": len(left[each].exports)}
            for each in left
        }
        connection.execute(SQL["forget_roles"], args)
        for table in TABLES:
            for row in connection.execute(SQL[f"delete_{table}"], args):
                removed[row["recording_id"]][table] = row["rows"]
        stones = [_stone(row, why, removed[row["id"]], left[row["id"]], late_sec) for row in rows]
        connection.cursor().executemany(SQL["bury"], stones)
    return list(left)


def _stone(
    row: Mapping[str, Any], why: Why, removed: Mapping[str, int], left: Leftovers, late_sec: float
) -> dict[str, Any]:
    return {
        "id": row["id"],
        "tenant": row["tenant"],
        "why": why,
        "removed": Jsonb({"postgres": removed}),
        "leftovers": Jsonb(left.model_dump(mode="json")),
        "young": left.young,
        "late_sec": late_sec,
    }


def _leftovers(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> dict[UUID, Leftovers]:
    args = {"ids": [row["id"] for row in rows]}
    chunks = _by_recording(connection.execute(SQL["chunks"], args))
    exports = _by_recording(connection.execute(SQL["delete_export"], args))
    events = _by_recording(connection.execute(SQL["delete_outbox"], args))
    return {
        row["id"]: Leftovers(
            chunks=tuple(ChunkKey.model_validate(each) for each in chunks.get(row["id"], ())),
            exports=tuple(
                Export(host=each["host"], path=each["path"]) for each in exports.get(row["id"], ())
            ),
            events=tuple(each["id"] for each in events.get(row["id"], ())),
            entries=tuple(
                each["stream_id"] for each in events.get(row["id"], ()) if each["stream_id"]
            ),
            upload=row["uri"],
            young=row["young"],
        )
        for row in rows
    }


def exports(connection: Connection, ids: Collection[UUID]) -> list[tuple[UUID, Export]]:
    """The exported files of recordings, of all machines."""
    rows = connection.execute(SQL["exports"], {"ids": list(ids)})
    return [(row["recording_id"], Export(host=row["host"], path=row["path"])) for row in rows]


def forget_export(connection: Connection, recording_id: UUID, export: Export) -> None:
    """Forgets an exported file that is gone."""
    connection.execute(
        SQL["forget_export"], {"id": recording_id, "host": export.host, "path": export.path}
    )


def _by_recording(rows: Iterable[dict[str, Any]]) -> dict[UUID, list[dict[str, Any]]]:
    found: dict[UUID, list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(row["recording_id"], []).append(row)
    return found


def attempt(connection: Connection, limit: int, ids: Collection[UUID] | None = None) -> list[UUID]:
    """Open deletions, least tried first, the named ones or any, after counting a try. Those of
    other processes are skipped."""
    args = {"ids": list(ids) if ids is not None else None, "limit": limit}
    return [row["id"] for row in connection.execute(SQL["count_attempt"], args)]


def take(connection: Connection, ids: Collection[UUID]) -> list[Tombstone]:
    """The open deletions that no other process is working on, locked until the caller's transaction
    ends."""
    return [
        Tombstone.model_validate(row) for row in connection.execute(SQL["take"], {"ids": list(ids)})
    ]


def erased(connection: Connection, found: Tombstone, removed: Counts) -> None:
    """Closes a complete deletion and adds its event; call it inside the transaction of ``take``."""
    connection.execute(SQL["erased"], {"id": found.id, "removed": Jsonb(removed)})
    outbox.add(connection, [events.deleted(found.id, found.why, found.requested_at)])


def searched(
    connection: Connection, ids: Iterable[UUID], checked: Checked, late_sec: float
) -> None:
    """Records the results of a search for these recordings; one after ``late_sec`` is the last
    one."""
    body = Jsonb(checked.model_dump(mode="json"))
    rows = [{"id": each, "checked": body, "late_sec": late_sec} for each in ids]
    connection.cursor().executemany(SQL["checked"], rows)


def receipts(connection: Connection, ids: Collection[UUID]) -> list[DeletionReceipt]:
    """The receipts of these deletions, oldest first."""
    return [
        DeletionReceipt.model_validate(row)
        for row in connection.execute(SQL["receipts"], {"ids": list(ids)})
    ]


def unsettled(connection: Connection, late_sec: float, limit: int) -> list[UUID]:
    """Deletions out of reach of late jobs and not searched for since; none while few have waited
    long."""
    return [
        row["id"]
        for row in connection.execute(SQL["unsettled"], {"late_sec": late_sec, "limit": limit})
    ]


def reachable(connection: Connection) -> dict[UUID, float]:
    """Deleted recordings that late jobs may still write about, and until when (seconds since the
    epoch)."""
    return {row["id"]: row["until"] for row in connection.execute(SQL["reachable"])}


def not_whole(connection: Connection, age_sec: float) -> tuple[int, int]:
    """Number of deletions open for longer than that, and number of recordings still named somewhere
    after their deletion."""
    row = connection.execute(SQL["not_whole"], {"age_sec": age_sec}).fetchone()
    return (int(row["open"]), int(row["named"])) if row else (0, 0)


def buried(connection: Connection, ids: Collection[UUID]) -> set[UUID]:
    """The deleted ones of the recordings."""
    return {row["id"] for row in connection.execute(SQL["buried"], {"ids": list(ids)})}


def bury_request(connection: Connection, request_id: UUID, recording_id: UUID) -> None:
    """Leaves a tombstone for an id that stood for a deleted recording of the same content."""
    connection.execute(SQL["bury_request"], {"id": request_id, "recording_id": recording_id})


def buried_of(connection: Connection, tenant: str, recording_id: UUID) -> bool:
    """True if the tenant had this recording, and it was deleted."""
    args = {"id": recording_id, "tenant": tenant}
    return connection.execute(SQL["buried_of"], args).fetchone() is not None


def find(connection: Connection, prefix: str) -> UUID | None:
    """The one deleted recording whose id starts with ``prefix``; None if there is none, or
    several."""
    rows = connection.execute(
        SQL["find"], {"prefix": prefix.lower().replace("%", "").replace("_", "")}
    ).fetchall()
    return UUID(str(rows[0]["id"])) if len(rows) == 1 else None


def guard(connection: Connection, recording_id: UUID) -> None:
    """Locks a recording against deletion until the caller's transaction ends.

    Raises:
        Permanent: ``deleted``, it was deleted before.
    """
    connection.execute(SQL["guard"], {"ids": [recording_id]})
    if buried(connection, [recording_id]):
        raise deleted()


def deleted() -> Permanent:
    """The error for requests about a deleted recording. It contains no id, which would then
    persist."""
    return Permanent("deleted", "the recording was deleted")


def forget(connection: Connection, age_sec: float, limit: int) -> int:
    """Removes tombstones settled that long ago; returns their number."""
    return connection.execute(SQL["forget"], {"age_sec": age_sec, "limit": limit}).rowcount
