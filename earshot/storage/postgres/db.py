"""Connections to Postgres: one small pool per process that reconnects by itself, and the
classification of transient errors."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import psycopg
from psycopg.rows import DictRow, dict_row
from psycopg_pool import ConnectionPool, PoolTimeout

from earshot.analysis.errors import Misconfigured, Unavailable, one_line
from earshot.settings import settings

Connection = psycopg.Connection[DictRow]

WAIT_SEC = 20.0
"""Time that a task waits for Postgres before it is returned and retried later."""
OF_THE_STATEMENT = frozenset(
    {"0A", "21", "22", "23", "24", "26", "2B", "2F", "34", "38", "39", "3B", "42", "44", "54", "P0"}
)
"""Classes of SQLSTATE that are permanent for a statement with its values. All others concern the
state of the server: connections (08, 53, 57), rights (28), a failover's read-only transactions
(25), conflicts (40, 55), disk (53, 58)."""
REVOKED = "42501"
"""In class 42, but a state of the server."""

_OPTIONS: dict[str, Any] = {
    "autocommit": True,
    "row_factory": dict_row,
    "connect_timeout": 5,
    # after a failover the old server answers, but refuses writes
    "target_session_attrs": "read-write",
}


def connect(database_url: str | None = None) -> Connection:
    """Opens a separate connection, autocommit, for commands and tests; by default to the database
    of the settings, as everywhere here.

    Raises:
        Misconfigured: no URL is set.
        Unavailable: Postgres does not answer.
    """
    url = _configured(database_url)
    with lost_connections():
        return psycopg.connect(url, **_OPTIONS)


def _configured(database_url: str | None) -> str:
    url = settings().database_url if database_url is None else database_url
    if not url:
        raise Misconfigured(
            "database_url", "no database: run `earshot up`, or set EARSHOT_DATABASE_URL"
        )
    return url


@cache
def _pool(database_url: str) -> ConnectionPool[Connection]:
    return ConnectionPool(
        database_url,
        connection_class=psycopg.Connection[DictRow],
        kwargs=_OPTIONS,
        min_size=1,
        max_size=10,  # the gateway answers several requests at once; tasks use one or two
        check=_check_writable,
        # its pauses double up to this time; then the next caller starts again with a short one
        reconnect_timeout=WAIT_SEC,
        open=True,
    )


def _check_writable(connection: Connection) -> None:
    """Drops a connection that became read-only while open, like a dead one. The server reports both
    without a query."""
    ConnectionPool.check_connection(connection)
    for name in (b"default_transaction_read_only", b"in_hot_standby"):
        if connection.pgconn.parameter_status(name) == b"on":
            connection.close()  # or the pool keeps it, and uses it again at once
            raise psycopg.OperationalError(f"the server takes no writes: {name.decode()} is on")


@contextmanager
def pooled(database_url: str | None = None) -> Iterator[Connection]:
    """A connection from the process's pool (opened on first use, so never shared across a fork).

    Raises:
        Misconfigured: no URL is set.
        Unavailable: Postgres was unavailable for ``WAIT_SEC``, or failed in mid-transaction.
    """
    with (
        lost_connections(),
        _pool(_configured(database_url)).connection(timeout=WAIT_SEC) as connection,
    ):
        yield connection


@contextmanager
def once(database_url: str | None = None) -> Iterator[Connection]:
    """A connection that is closed afterwards, for rare uses: unlike a pool it leaves no threads and
    no memory behind.

    Raises:
        Misconfigured: no URL is set.
        Unavailable: Postgres does not answer, or failed in mid-transaction.
    """
    with lost_connections(), connect(database_url) as connection:
        yield connection


@contextmanager
def lost_connections() -> Iterator[None]:
    """Turns errors of a Postgres that is unavailable, fails in mid-transaction, or temporarily
    refuses, into ``Unavailable``. Errors of statements or values are left unchanged: waiting does
    not help."""
    try:
        yield
    except (PoolTimeout, psycopg.Error) as error:
        if not passes(error):
            raise
        says = "refuses" if error.sqlstate else "does not answer"
        reason = one_line(error)
        raise Unavailable("postgres_away", f"Postgres {says}: {reason}") from error


def passes(error: psycopg.Error) -> bool:
    """True if the same statement may succeed later."""
    state = error.sqlstate
    if state is None:  # not an answer of the server: no connection, or an error in the call
        return isinstance(error, psycopg.OperationalError)
    return state[:2] not in OF_THE_STATEMENT or state == REVOKED
