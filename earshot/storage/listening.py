"""A connection that Postgres notifies of new events."""

from collections.abc import Iterator
from contextlib import contextmanager

from psycopg.conninfo import make_conninfo

from earshot.settings import settings
from earshot.storage.postgres import db
from earshot.storage.postgres.db import Connection
from earshot.storage.postgres.queries import queries

SQL = queries("outbox")

LOST = {
    "keepalives_idle": 5,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}
"""A server that vanished is noticed within 20 s, although nothing is sent to it meanwhile."""


@contextmanager
def listening() -> Iterator[Connection]:
    """A connection of its own that listens to ``outbox.CHANNEL``. A pooler between may not pass on
    notifications, so its user polls as well.

    Raises:
        Misconfigured: no URL is set.
        Unavailable: Postgres does not answer, or failed meanwhile.
    """
    url = settings().database_url
    with db.once(make_conninfo(url, **LOST) if url else None) as connection:
        connection.execute(SQL["listen"])
        yield connection


def wait(connection: Connection, sec: float) -> None:
    """Waits for a notification, or so many seconds."""
    for _ in connection.notifies(timeout=sec, stop_after=1):
        pass
