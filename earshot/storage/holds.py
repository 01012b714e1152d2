"""Legal holds: recordings and sources of which nothing is deleted. Who placed or released one, when
and why is recorded."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from earshot.analysis.errors import Permanent
from earshot.analysis.types import Frozen
from earshot.storage.postgres.db import Connection
from earshot.storage.postgres.queries import queries

SQL = queries("holds")


class Hold(Frozen):
    """One hold, of a recording or of a source."""

    recording_id: UUID | None
    source: str | None
    """A URL, for what lies below it; a tenant; or ``*``."""
    reason: str
    placed_by: str
    placed_at: datetime
    released_by: str | None
    released_at: datetime | None


def place(connection: Connection, what: UUID | str, reason: str, who: str) -> bool:
    """Places a hold on a recording, by its id, or on a source; False if it is on hold already."""
    args = {**_named(what), "reason": reason, "who": who}
    return connection.execute(SQL["place"], args).rowcount == 1


def release(connection: Connection, what: UUID | str, who: str) -> bool:
    """Releases the hold of a recording or a source; False if there is none."""
    return connection.execute(SQL["release"], {**_named(what), "who": who}).rowcount == 1


def holds(
    connection: Connection, recording_id: UUID | None = None, *, released: bool = False
) -> list[Hold]:
    """Holds in force, oldest first, of all or of one recording; with ``released`` also earlier
    ones."""
    rows = connection.execute(SQL["list"], {"all": released, "recording_id": recording_id})
    return [Hold.model_validate(row) for row in rows]


def held(connection: Connection, ids: Collection[UUID]) -> set[UUID]:
    """The recordings that are on hold, by themselves or by their source."""
    return {row["id"] for row in connection.execute(SQL["held"], {"ids": list(ids)})}


def on_hold(ids: Collection[UUID]) -> Permanent:
    """The error for a deletion of these recordings."""
    named = ", ".join(str(each) for each in sorted(ids)[:5])
    return Permanent(
        "on_hold",
        f"{named}{' and others' if len(ids) > 5 else ''}: on legal hold, and not deleted; `earshot"
        " holds` shows who placed it, and why",
    )


def _named(what: UUID | str) -> dict[str, UUID | str | None]:
    is_id = isinstance(what, UUID)
    return {"recording_id": what if is_id else None, "source": None if is_id else what}
