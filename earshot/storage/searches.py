"""The last search of Postgres for deleted recordings, resumable since its time grows with the
number of rows."""

import time
from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from psycopg.types.json import Jsonb

from earshot.analysis.deletion import Trace
from earshot.storage import traces
from earshot.storage.postgres.db import Connection
from earshot.storage.postgres.queries import queries

SQL = queries("searches")

PAGES = 128
"""Pages read per transaction, 1 MB and the values moved out of them."""


class Searched(NamedTuple):
    """A finished search."""

    ids: list[UUID]
    rows: dict[str, int]
    """Number of rows read by table."""
    found: list[Trace]


def begin(connection: Connection, ids: Sequence[UUID]) -> None:
    """Starts a search for these deleted recordings, unless one is running."""
    with connection.transaction():
        if connection.execute(SQL["begin"]).rowcount:
            connection.execute(SQL["mark"], {"ids": list(ids)})


def under_way(connection: Connection) -> bool:
    """True if a search has started and not ended."""
    row = connection.execute(SQL["under_way"]).fetchone()
    return bool(row and row["under_way"])


def go_on(connection: Connection, ends: float) -> Searched | None:
    """Continues reading until everything is read, or until ``ends`` on the monotonic clock: then
    None, as while another process reads."""
    while True:
        with connection.transaction():
            at = connection.execute(SQL["take"]).fetchone()
            if at is None:
                return None
            ids = [row["id"] for row in connection.execute(SQL["ids"])]
            rows, found = dict[str, int](at["rows"]), dict[str, int](at["found"])
            part = next(
                ((name, page) for name, page in _parts(connection, at["place"], at["page"])), None
            )
            if part is None:
                connection.execute(SQL["end"])
                return Searched(
                    ids,
                    rows,
                    [Trace(store="postgres", place=name, times=n) for name, n in found.items()],
                )
            name, page = part
            seen, times = traces.pages(connection, name, ids, page, page + PAGES)
            rows[name] = rows.get(name, 0) + seen
            if times:
                found[name] = found.get(name, 0) + times
            state = {
                "place": name,
                "page": page + PAGES,
                "rows": Jsonb(rows),
                "found": Jsonb(found),
            }
            connection.execute(SQL["note"], state)
        if time.monotonic() >= ends:
            return None


def _parts(connection: Connection, place: str, page: int) -> list[tuple[str, int]]:
    """Tables still to be read, by name, and their first page."""
    sizes = [
        (str(row["name"]), int(row["pages"])) for row in connection.execute(traces.SQL["tables"])
    ]
    begun = [(name, page if name == place else 0, pages) for name, pages in sizes if name >= place]
    return [(name, first) for name, first, pages in begun if first < pages]
