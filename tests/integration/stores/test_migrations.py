"""Migrations before and after the processes of a new version start."""

import shutil
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.types.json import Jsonb

from earshot.storage import outbox
from earshot.storage.postgres import db, listing
from earshot.storage.postgres.listing import Wanted
from earshot.storage.postgres.migrate import MIGRATIONS, migrate

pytestmark = pytest.mark.integration

NAMES = ("0001_a.sql", "0002_pre_b.sql", "0003_post_c.sql", "0004_pre_d.sql")
LEFT = """
WITH made AS (
    INSERT INTO recording
        (id, state, request, file_name, sha256, analyses, roles, language, duration_ms, channels,
         finished_at)
    VALUES (gen_random_uuid(), 'complete', '{}', 'a.wav', md5(random()::text) || md5('a'), '{asr}',
            '{customer,agent}', 'en', 1000, 2, now())
    RETURNING id)
INSERT INTO report (recording_id, body) SELECT id, '{"turns": [{"emotion": {"label": "sad"}}]}'
FROM made RETURNING recording_id AS id
"""
CORRECTED = """
INSERT INTO correction (recording_id, id, version, kind, target, value, replaced, round, releases,
                        made_by, token, undone_by, undone_at)
VALUES (%s, gen_random_uuid(), %s, %s, '{}', %s, '{}', 1, '{}', 'anna', %s, %s,
        CASE WHEN %s::text IS NULL THEN NULL ELSE now() END)
"""
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


def test_corrections_from_before_are_found_by_filters(empty_url: str, tmp_path: Path) -> None:
    names = sorted(path.name for path in MIGRATIONS.glob("[0-9]*.sql"))
    for name in names[: names.index("0050_post_corrected_search.sql")]:
        shutil.copy(MIGRATIONS / name, tmp_path)
    migrate(empty_url, folder=tmp_path)
    with db.connect(empty_url) as connection:
        ids = [connection.execute(LEFT).fetchone() for _ in range(3)]
        corrected, undone, _ = (row["id"] for row in ids if row)
        for version, (recording, kind, value, by) in enumerate(
            (
                (corrected, "emotion", {"label": "happy"}, None),
                (corrected, "roles", {"roles": ["lead", "agent"]}, None),
                (corrected, "roles", {"roles": ["customer", "lead"]}, None),
                (corrected, "text", {"text": "label"}, None),
                (undone, "emotion", {"label": "happy"}, "anna"),
                (undone, "roles", {"roles": ["lead"]}, "anna"),
            ),
            1,
        ):
            args = (recording, version, kind, Jsonb(value), uuid4(), by, by)
            connection.execute(CORRECTED, args)
        migrate(empty_url)

        def found(**wanted: str) -> list[UUID]:
            rows = listing.page(connection, "default", Wanted(**wanted), None, 10)  # type: ignore[arg-type]
            return [each.id for each in rows]

        assert found(label="happy") == found(role="lead") == [corrected]
        assert corrected not in found(role="agent")
        assert len(found(label="sad")) == 3
        assert len(found(role="agent")) == 2
