"""Migrations before and after the processes of a new version start."""

import shutil
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

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
