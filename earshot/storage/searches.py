"""The last search of Postgres for deleted recordings: it takes as long as there are rows, so it
goes on where it stopped."""

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
"""Read per transaction, 1 MB and what was moved out of them."""


class Searched(NamedTuple):
    """A search that has come to its end."""

    ids: list[UUID]
    rows: dict[str, int]
    """Table to the number of rows that were read."""
    found: list[Trace]


def begin(connection: Connection, ids: Sequence[UUID]) -> None:
    """Begins a search for these deleted recordings, unless one is under way."""
    with connection.transaction():
        if connection.execute(SQL["begin"]).rowcount:
            connection.execute(SQL["mark"], {"ids": list(ids)})


def under_way(connection: Connection) -> bool:
    """Whether a search has begun and not ended."""
    row = connection.execute(SQL["under_way"]).fetchone()
    return bool(row and row["under_way"])


def go_on(connection: Connection, ends: float) -> Searched | None:
    """Reads on until everything is read, or the monotonic clock says ``ends``: then None, as while
    another process reads."""
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
    """Tables that are still to be read, by name, and from which page on."""
    sizes = [
        (str(row["name"]), int(row["pages"])) for row in connection.execute(traces.SQL["tables"])
    ]
    begun = [(name, page if name == place else 0, pages) for name, pages in sizes if name >= place]
    return [(name, first) for name, first, pages in begun if first < pages]
