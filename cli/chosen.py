"""Selects the recordings of a command: by ids, or by a filter."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

from earshot.analysis.errors import Misconfigured
from earshot.storage.postgres import lookup
from earshot.storage.postgres.db import Connection


class Filter(NamedTuple):
    """Finished recordings, by state and time of ingest."""

    state: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    all: bool = False

    def __bool__(self) -> bool:
        return any(self)


def check(prefixes: Sequence[str], where: Filter) -> None:
    """Raises:
    Misconfigured: both ids and a filter are given, or neither.
    """
    if bool(prefixes) == bool(where):
        raise Misconfigured(
            "recordings", "name recordings by their ids, or by --state, --since, --until or --all"
        )


def chosen(
    connection: Connection, prefixes: Sequence[str], where: Filter, *, decoded: bool = False
) -> list[UUID]:
    """The named recordings, each once, or those of the filter, oldest first; with ``decoded`` only
    decoded ones.

    Raises:
        Permanent: no recording, or several, begin with one of the ids.
    """
    if prefixes:
        return list(dict.fromkeys(lookup.find(connection, prefix) for prefix in prefixes))
    return lookup.matching(
        connection, where.state, _utc(where.since), _utc(where.until), decoded=decoded
    )


def _utc(at: datetime | None) -> datetime | None:
    """Times without a zone are UTC, as `earshot list` prints them."""
    return at.replace(tzinfo=UTC) if at and at.tzinfo is None else at
