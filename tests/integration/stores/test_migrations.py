"""Migrations before and after the processes of a new version start."""

from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from earshot.storage.postgres.migrate import migrate

pytestmark = pytest.mark.integration

NAMES = ("0001_a.sql", "0002_pre_b.sql", "0003_post_c.sql", "0004_pre_d.sql")


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
