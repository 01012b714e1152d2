"""Baselines of releases, and how far their answers have moved since."""

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from psycopg.types.json import Jsonb

from earshot.analysis.drift.psi import Drift, Figure, Histogram, Seen
from earshot.analysis.types import Frozen
from earshot.storage.postgres.db import Connection
from earshot.storage.postgres.queries import queries

SQL = queries("drift")


class Of(NamedTuple):
    """Answers of a release for the recordings of a tenant."""

    analysis: str
    release: str
    tenant: str


class Baseline(Frozen):
    """What the first recordings gave."""

    recordings: int
    until: datetime
    """End of the last of them."""
    histograms: dict[Figure, Histogram]


class Answered(Seen):
    """A recording with its answers."""

    id: UUID


def tenants(connection: Connection, days: int) -> list[str]:
    """Those with a recording that ended within so many days."""
    return [row["tenant"] for row in connection.execute(SQL["tenants"], {"days": days})]


def since(connection: Connection, of: Of) -> datetime | None:
    """When the release was last promoted; None: it has no event of that."""
    row = connection.execute(SQL["since"], of._asdict()).fetchone()
    return row["at"] if row else None


def seen(
    connection: Connection, of: Of, after: datetime, limit: int, *, newest: bool
) -> list[Answered]:
    """The first recordings that ended after a time and that this release alone answered, or the
    newest ones; those without an answer are left out."""
    args = {**of._asdict(), "after": after, "limit": limit, "newest": newest}
    return [Answered.model_validate(row) for row in connection.execute(SQL["seen"], args)]


def baseline(connection: Connection, of: Of) -> Baseline | None:
    """The fixed baseline; None if there is none yet."""
    row = connection.execute(SQL["baseline"], of._asdict()).fetchone()
    return Baseline.model_validate(row) if row else None


def put_baseline(connection: Connection, of: Of, made: Baseline) -> None:
    """Stores a baseline, unless there is one."""
    histograms = Jsonb(made.model_dump(mode="json")["histograms"])
    row = {**made.model_dump(exclude={"histograms"}), "histograms": histograms}
    connection.execute(SQL["put_baseline"], {**of._asdict(), **row})


def put(connection: Connection, of: Of, found: Drift) -> bool:
    """Stores today's measurement, in the caller's transaction; True if it is an alarm and the one
    before was none."""
    key: dict[str, Any] = {**of._asdict(), "figure": found.figure}
    last = connection.execute(SQL["last"], key).fetchone()
    fields = found.model_dump(mode="json")
    row = {**fields, "moved": Jsonb(fields["moved"]), "alarm": found.alarm}
    connection.execute(SQL["put"], {**key, **row})
    return found.alarm and not (last and last["alarm"])
