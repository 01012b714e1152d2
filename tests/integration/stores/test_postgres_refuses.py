"""Postgres answers that it cannot now: that is waited for, as its silence is, and a wrong statement
is not."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager

import psycopg
import pytest

from cli.localstack import waiting
from earshot.analysis.errors import Unavailable
from earshot.storage.postgres import db
from tests.servers import Stack

pytestmark = pytest.mark.integration

PASSING = {
    "25006": "read_only_sql_transaction",
    "28000": "invalid_authorization_specification",
    "40001": "serialization_failure",
    "40P01": "deadlock_detected",
    "42501": "insufficient_privilege",
    "53100": "disk_full",
    "53200": "out_of_memory",
    "53300": "too_many_connections",
    "55P03": "lock_not_available",
    "57014": "query_canceled",
    "57P01": "admin_shutdown",
    "57P03": "cannot_connect_now",
    "58030": "io_error",
    "XX000": "internal_error",
}
OF_THE_STATEMENT = {
    "22001": "string_data_right_truncation",
    "23505": "unique_violation",
    "42601": "syntax_error",
    "42P01": "undefined_table",
    "54000": "program_limit_exceeded",
    "P0001": "raise_exception",
}


def raised(database_url: str, state: str) -> None:
    with db.once(database_url) as connection:
        connection.execute(
            f"DO $$ BEGIN RAISE 'refused' USING ERRCODE = '{state}'; END $$".encode()
        )


@pytest.mark.parametrize("state", PASSING)
def test_what_passes_is_waited_for(database_url: str, state: str) -> None:
    with pytest.raises(Unavailable, match="Postgres refuses: refused"):
        raised(database_url, state)


@pytest.mark.parametrize("state", OF_THE_STATEMENT)
def test_a_wrong_statement_is_not(database_url: str, state: str) -> None:
    with pytest.raises(psycopg.Error) as caught:
        raised(database_url, state)
    assert caught.value.sqlstate == state


@contextmanager
def read_only(database_url: str) -> Iterator[None]:
    """As on a server that a failover has made a standby; connections stay open."""
    with psycopg.connect(database_url, autocommit=True) as admin:
        admin.execute("ALTER SYSTEM SET default_transaction_read_only = on")
        admin.execute("SELECT pg_reload_conf()")
        waiting.until(lambda: is_read_only(admin), 30, "the server's reading of its settings")
        try:
            yield
        finally:
            admin.execute("ALTER SYSTEM RESET default_transaction_read_only")
            admin.execute("SELECT pg_reload_conf()")


def is_read_only(admin: psycopg.Connection) -> bool:
    return admin.execute("SHOW default_transaction_read_only").fetchone() == ("on",)


@contextmanager
def no_connection_left(database_url: str) -> Iterator[None]:
    with ExitStack() as taken:
        try:
            while True:
                taken.enter_context(psycopg.connect(database_url))
        except psycopg.OperationalError:
            pass
        yield


def pid(database_url: str) -> int:
    """Of the server process behind the pool's connection, which writes."""
    with db.pooled(database_url) as connection:
        connection.execute("CREATE TEMPORARY TABLE IF NOT EXISTS written (at timestamptz)")
        connection.execute("INSERT INTO written SELECT now()")
        return connection.info.backend_pid


def waited_out(url: str, fault: Callable[[str], AbstractContextManager[None]], says: str) -> int:
    """The server process used by a patient client once the fault is over; an impatient one fails at
    once."""
    after: list[int] = []
    with fault(url):
        with pytest.raises(Unavailable, match=says), db.once(url):
            pass
        patient = threading.Thread(target=lambda: after.append(pid(url)))
        patient.start()
        time.sleep(2)  # the fault, not a wait
        assert not after
    patient.join(db.WAIT_SEC)
    assert len(after) == 1
    return after[0]


def test_a_connection_that_has_become_read_only_is_made_anew(stage: Stack) -> None:
    before = pid(stage.database_url)
    assert waited_out(stage.database_url, read_only, "read-only") != before


def test_a_server_without_a_free_connection_is_waited_for(stage: Stack) -> None:
    waited_out(stage.database_url, no_connection_left, "too many clients")
