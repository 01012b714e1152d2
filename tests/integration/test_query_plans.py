"""What upkeep and admission ask every few seconds costs the same however large the archive is: an index answers it."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from storage.queries import queries

pytestmark = pytest.mark.integration

ASKED = {"age_sec": 60, "recording_id": uuid4(), "id": uuid4(), "recordings": 2, "sha256": "0" * 64}
ARCHIVE = """
WITH closed AS (
    INSERT INTO recording (id, state, request, file_name, sha256, analyses, language, duration_ms, channels, finished_at)
    SELECT gen_random_uuid(), 'complete', '{}', 'call.wav', md5(n::text) || md5(n::text), '{scene}', 'en', 1000, 1, now()
    FROM generate_series(1, 20000) AS n
    RETURNING id
)
INSERT INTO chunk (recording_id, index, start_ms, end_ms, speech, wanted, state, dispatched_at, merged_at)
SELECT id, 0, 0, 1000, '[]', '{scene}', 'merged', now(), now() FROM closed
"""
"""Twenty thousand finished recordings: beside them a whole look costs more than any index."""


@pytest.fixture(scope="module")
def archive(database_url: str) -> Iterator["psycopg.Connection[Any]"]:
    """In a transaction that is rolled back, what the planner then knows of it too."""
    with psycopg.connect(database_url, cursor_factory=psycopg.ClientCursor) as connection:
        connection.execute(ARCHIVE.encode())
        connection.execute("ANALYZE recording, chunk")
        yield connection
        connection.rollback()


@pytest.mark.parametrize(
    ("topic", "name", "index"),
    [
        ("ledger", "waiting_requests", "recording_open"),
        ("ledger", "unfinalized", "recording_open"),
        ("ledger", "undispatched", "_open"),
        ("ledger", "unmerged", "chunk_open"),
        ("ledger", "on_their_way", "chunk_open"),
        ("requests", "unfinished", "recording_open"),
        ("requests", "enders", "recording_sha256"),
        ("dead_letters", "quarantined", "recording_sha256"),
    ],
)
def test_an_index_serves_it(archive: "psycopg.Connection[Any]", topic: str, name: str, index: str) -> None:
    lines = archive.execute(b"EXPLAIN " + queries(topic)[name].encode(), ASKED).fetchall()
    plan = "\n".join(line for (line,) in lines)
    assert index in plan
    assert "Seq Scan on recording" not in plan
    assert "Seq Scan on chunk" not in plan
