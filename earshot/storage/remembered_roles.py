"""Roles of channels that people stated for later recordings of a source. Who stated or withdrew
them, and when, is recorded."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from earshot.analysis.types import Frozen
from earshot.storage.postgres.db import Connection
from earshot.storage.postgres.queries import queries

SQL = queries("remembered_roles")


class RememberedRoles(Frozen):
    """The roles of a source, for files with that many channels."""

    id: UUID
    tenant: str
    source: str
    """``uploads`` of the tenant, or a URL, for what lies below it."""
    roles: tuple[str, ...]
    recording_id: UUID | None
    """On which they were stated; None: it is deleted."""
    remembered_by: str
    remembered_at: datetime
    forgotten_by: str | None
    forgotten_at: datetime | None


def remember(
    connection: Connection,
    tenant: str,
    source: str,
    roles: Sequence[str],
    recording_id: UUID,
    who: str,
) -> None:
    """Stores the roles of a source in place of others for as many channels; the same ones stay as
    they are."""
    args = {
        "tenant": tenant,
        "source": source,
        "roles": list(roles),
        "recording_id": recording_id,
        "who": who,
    }
    with connection.transaction():
        connection.execute(SQL["lock"], args)
        connection.execute(SQL["replace"], args)
        connection.execute(SQL["remember"], args)


def forget(connection: Connection, id_: UUID, who: str, tenant: str | None = None) -> bool:
    """Withdraws them for recordings to come; False if they are not in force, or not of that
    tenant."""
    args = {"id": id_, "who": who, "tenant": tenant}
    return connection.execute(SQL["forget"], args).rowcount == 1


def remembered(
    connection: Connection, tenant: str | None = None, *, forgotten: bool = False
) -> list[RememberedRoles]:
    """Those in force, oldest first, of all tenants or of one; with ``forgotten`` also earlier
    ones."""
    rows = connection.execute(SQL["list"], {"tenant": tenant, "forgotten": forgotten})
    return [RememberedRoles.model_validate(row) for row in rows]


def roles_at(connection: Connection, tenant: str, place: str, channels: int) -> tuple[str, ...]:
    """The roles for a file with that many channels, by the longest source; empty: none.

    Args:
        place: ``uploads``, or the URL of the file.
    """
    args = {"tenant": tenant, "place": place, "channels": channels}
    row = connection.execute(SQL["of"], args).fetchone()
    return tuple(row["roles"]) if row else ()
