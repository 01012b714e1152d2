"""Connections to Postgres: one small pool a process, which reconnects by itself."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import psycopg
from psycopg.rows import DictRow, dict_row
from psycopg_pool import ConnectionPool, PoolTimeout

from analysis.errors import Misconfigured, Unavailable

Connection = psycopg.Connection[DictRow]

WAIT_SEC = 20.0
"""How long a task waits for Postgres before it is handed back and retried later."""


def connect(database_url: str) -> Connection:
    """A connection of its own, autocommit, for commands and tests.

    Raises:
        Misconfigured: no URL is set.
        Unavailable: Postgres does not answer.
    """
    if not database_url:
        raise Misconfigured("database_url", "no database: run `earshot up`, or set EARSHOT_DATABASE_URL")
    with lost_connections():
        return psycopg.connect(database_url, autocommit=True, row_factory=dict_row, connect_timeout=5)


@cache
def _pool(database_url: str) -> ConnectionPool[Connection]:
    kwargs: dict[str, Any] = {"autocommit": True, "row_factory": dict_row, "connect_timeout": 5}
    return ConnectionPool(
        database_url,
        connection_class=psycopg.Connection[DictRow],
        kwargs=kwargs,
        min_size=1,
        max_size=2,
        check=ConnectionPool.check_connection,
        open=True,
    )


@contextmanager
def pooled(database_url: str) -> Iterator[Connection]:
    """A connection out of the process's pool (opened on first use, so never shared across a fork).

    Raises:
        Unavailable: Postgres was away for ``WAIT_SEC``, or went away in mid-transaction.
    """
    if not database_url:
        raise Misconfigured("database_url", "no database: set EARSHOT_DATABASE_URL")
    with lost_connections(), _pool(database_url).connection(timeout=WAIT_SEC) as connection:
        yield connection


@contextmanager
def once(database_url: str) -> Iterator[Connection]:
    """A connection that is closed again, for what is rare: unlike a pool it leaves no threads and no memory behind.

    Raises:
        Misconfigured: no URL is set.
        Unavailable: Postgres does not answer, or went away in mid-transaction.
    """
    with lost_connections(), connect(database_url) as connection:
        yield connection


@contextmanager
def lost_connections() -> Iterator[None]:
    """Turns a Postgres that is away, or went away in mid-transaction, into ``Unavailable``."""
    try:
        yield
    except (PoolTimeout, psycopg.OperationalError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise Unavailable("postgres_away", f"Postgres does not answer: {reason}") from error
