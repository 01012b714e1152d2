"""Servers whose tables are watched and can crash, for tests that let things die in the midst of a
transaction.

A crash is a real one: a trigger ends the session's own backend when a table that the step names is
written. A second trigger writes down every merge and every closing, as a witness that is not the
code under test.
"""

import contextlib
from collections.abc import Iterator
from typing import Any

import psycopg

from earshot.analysis.errors import Unavailable
from earshot.storage.postgres import db
from earshot.storage.postgres.db import Connection
from tests.servers import Stack, servers

WITNESS = """
CREATE TABLE witness (what text, recording_id uuid, index integer, round integer);
CREATE FUNCTION saw_chunk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO witness VALUES ('merged', NEW.recording_id, NEW.index, NEW.round); RETURN NULL;
END $$;
CREATE TRIGGER saw AFTER UPDATE ON chunk FOR EACH ROW
    WHEN (NEW.state = 'merged') EXECUTE FUNCTION saw_chunk();
CREATE FUNCTION saw_recording() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO witness VALUES ('closed', NEW.id, NULL, NEW.round); RETURN NULL;
END $$;
CREATE TRIGGER saw AFTER UPDATE ON recording FOR EACH ROW
    WHEN (NEW.finished_at IS NOT NULL) EXECUTE FUNCTION saw_recording();
"""
CRASH = """
CREATE FUNCTION crash() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF current_setting('crash.at', true) = TG_TABLE_NAME THEN
        PERFORM pg_terminate_backend(pg_backend_pid()); END IF;
    RETURN NULL;
END $$;
"""
CRASHING = ("finding", "outbox", "chunk", "dead_letter", "recording", "report")
"""The tables at which a session can die."""
FOUND = """
SELECT c.recording_id, c.index, c.round, c.wanted, c.state,
    f.analysis, f.release, f.status, f.outcome
FROM chunk c LEFT JOIN finding f ON f.recording_id = c.recording_id AND f.chunk_index = c.index
"""
TOLD = """
SELECT recording_id, (body ->> 'chunk')::int AS chunk, body FROM outbox
WHERE body ->> 'type' = 'classification' ORDER BY seq
"""


@contextlib.contextmanager
def watched() -> Iterator[Stack]:
    """The servers, their triggers in place."""
    with servers() as started, db.connect(started.database_url) as connection:
        connection.execute(WITNESS.encode())
        connection.execute(CRASH.encode())
        for table in CRASHING:
            connection.execute(
                f"CREATE TRIGGER crash AFTER INSERT OR UPDATE ON {table}"
                f" EXECUTE FUNCTION crash()".encode()
            )
        yield started


@contextlib.contextmanager
def session(database_url: str, crash: str | None) -> Iterator[Connection]:
    """A connection of its own, which dies at the first write to the table ``crash``. Any other
    trouble is the test's."""
    dies = (psycopg.OperationalError, Unavailable) if crash in CRASHING else ()
    with contextlib.suppress(*dies), db.connect(database_url) as opened:
        opened.execute("SELECT set_config('crash.at', %s, false)", (crash or "",))
        yield opened


def found(connection: Connection) -> list[dict[str, Any]]:
    """Every chunk with each of its findings."""
    return connection.execute(FOUND.encode()).fetchall()


def told(connection: Connection) -> list[dict[str, Any]]:
    """All classification events, in order of publication."""
    return connection.execute(TOLD.encode()).fetchall()


def seen(connection: Connection) -> list[tuple[Any, ...]]:
    """What the witness saw."""
    return [tuple(row.values()) for row in connection.execute("SELECT * FROM witness")]
