"""Migrations before and after the processes of a new version start."""

import shutil
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from earshot.storage import outbox
from earshot.storage.postgres import db
from earshot.storage.postgres.migrate import MIGRATIONS, migrate

pytestmark = pytest.mark.integration

NAMES = ("0001_a.sql", "0002_pre_b.sql", "0003_post_c.sql", "0004_pre_d.sql")
VALIDATED = "SELECT convalidated FROM pg_constraint WHERE conname = 'chunk_index_check'"


@pytest.fixture
def empty_url(database_url: str) -> str:
    """A database without tables."""
    name = f"empty_{uuid4().hex}"
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    return database_url.replace("/postgres?", f"/{name}?")


def test_pre_stops_before_the_first_post(empty_url: str, tmp_path: Path) -> None:
    for name in NAMES:
        (tmp_path / name).write_text(f"CREATE TABLE t{name[:4]} ()")
    assert migrate(empty_url, pre_only=True, folder=tmp_path) == list(NAMES[:2])
    assert migrate(empty_url, pre_only=True, folder=tmp_path) == []
    assert migrate(empty_url, folder=tmp_path) == list(NAMES[2:])
    assert migrate(empty_url, folder=tmp_path) == []


def test_the_check_of_indexes_is_replaced_while_chunks_are_written(
    empty_url: str, tmp_path: Path
) -> None:
    """A check that is valid at once is validated under a lock that even reading waits for."""
    names = sorted(path.name for path in MIGRATIONS.glob("[0-9]*.sql"))
    until = names.index("0011_pre_transcript_scope.sql") + 1
    for name in names[:until]:
        shutil.copy(MIGRATIONS / name, tmp_path)
    migrate(empty_url, folder=tmp_path)
    with (
        psycopg.connect(empty_url, autocommit=True) as migrating,
        psycopg.connect(empty_url, autocommit=True) as working,
    ):
        assert migrating.execute(VALIDATED).fetchone() == (False,)
        working.execute("SET lock_timeout = '1s'")
        with migrating.transaction():
            migrating.execute((MIGRATIONS / names[until]).read_bytes())
            working.execute("DELETE FROM chunk")
        assert migrating.execute(VALIDATED).fetchone() == (True,)


def test_events_from_before_are_counted_a_tenant(empty_url: str, tmp_path: Path) -> None:
    """In the order in which they were stored; what was not yet published follows."""
    names = sorted(path.name for path in MIGRATIONS.glob("[0-9]*.sql"))
    for name in names[: names.index("0014_pre_event_positions.sql")]:
        shutil.copy(MIGRATIONS / name, tmp_path)
    migrate(empty_url, folder=tmp_path)
    with db.connect(empty_url) as connection:
        for tenant, published in zip("abaabb", (1, 1, 1, 0, 1, 0), strict=True):
            connection.execute(
                "INSERT INTO outbox (id, recording_id, tenant, body, published_at, stream_id)"
                " VALUES (%s, %s, %s, '{}', CASE %s WHEN 1 THEN now() END,"
                " CASE %s WHEN 1 THEN '1-1' END)",
                (uuid4(), uuid4(), tenant, published, published),
            )
        migrate(empty_url)
        outbox.arrange(connection)
        rows = connection.execute("SELECT tenant, place FROM outbox ORDER BY position").fetchall()
        assert [(row["tenant"], row["place"]) for row in rows] == [
            ("a", 1), ("b", 1), ("a", 2), ("b", 2), ("a", 3), ("b", 3)
        ]  # fmt: skip
        for tenant, last in (("a", 3), ("b", 3), ("c", 0)):
            assert outbox.standing_of_tenant(connection, tenant) == (last, 0)
