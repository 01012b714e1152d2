"""What upkeep and admission ask every few seconds costs the same however large the archive is: an
index answers it."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from earshot.storage.postgres.queries import queries

pytestmark = pytest.mark.integration

ASKED: dict[str, Any] = {
    "recording_id": uuid4(),
    "id": uuid4(),
    "recordings": 2,
    "sha256": "0" * 64,
}
ASKED |= {
    "age_sec": 86_400,
    "sources": ["acme", ""],
    "ages": [None, 86_400.0],
    "least_sec": 86_400.0,
    "ids": [uuid4()],
    "limit": 200,
    "codes": ["disk_full"],
    "late_sec": 3600,
    "young_sec": 3600,
}
ARCHIVE = """
WITH closed AS (
    INSERT INTO recording
        (id, state, request, file_name, sha256, analyses, language, duration_ms, channels, audio,
         created_at, finished_at)
    SELECT gen_random_uuid(), 'complete', '{}', 'call.wav', md5(n::text) || md5(n::text), '{scene}',
    'en', 1000, 1,
           CASE WHEN n % 20 = 0 THEN '{"16000": "file:///x.pcm"}' ELSE '{}' END::jsonb, at, at
    FROM generate_series(1, 20000) AS n,
        LATERAL (SELECT now() - n * interval '1 minute') AS published (at)
    RETURNING id, finished_at
), told AS (
    INSERT INTO outbox (id, recording_id, body, created_at, stream_id, published_at)
    SELECT gen_random_uuid(), id, '{"type": "recording.completed"}', finished_at, '1-1', finished_at
    FROM closed
)
INSERT INTO chunk
    (recording_id, index, start_ms, end_ms, speech, wanted, state, dispatched_at, merged_at)
SELECT id, 0, 0, 1000, '[]', '{scene}', 'merged', now(), now() FROM closed;
INSERT INTO recording
    (id, state, request, file_name, sha256, analyses, language, error_code, error_detail,
     created_at, finished_at)
SELECT gen_random_uuid(), 'failed', '{}', 'call.wav', md5('x' || n) || md5(n::text), '{scene}',
    'en', 'gave_up', '-', at, at
FROM generate_series(1, 2000) AS n,
    LATERAL (SELECT now() - n * interval '10 minutes') AS published (at);
INSERT INTO tombstone (id, why, removed, erased_at, settled_at, requested_at)
SELECT gen_random_uuid(), 'retention', '{}', now(), now(), now() - n * interval '1 minute'
FROM generate_series(1, 5000) AS n
"""
"""Twenty thousand finished recordings, two thousand failed ones and five thousand that are gone:
beside them a whole look costs more than any index."""


@pytest.fixture(scope="module")
def archive(database_url: str) -> Iterator["psycopg.Connection[Any]"]:
    """In a transaction that is rolled back, what the planner then knows of it too."""
    with psycopg.connect(database_url, cursor_factory=psycopg.ClientCursor) as connection:
        connection.execute(ARCHIVE.encode())
        connection.execute("ANALYZE recording, chunk, outbox, tombstone")
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
        ("requests", "ahead", "recording_open"),
        ("requests", "enders", "recording_sha256"),
        ("dead_letters", "quarantined", "recording_sha256"),
        ("retention", "recordings", "recording_finished"),
        ("retention", "failed", "recording_failed"),
        ("retention", "take_audio", "recording_with_audio"),
        ("retention", "take_words", "recording_with_words"),
        ("retention", "take_scores", "recording_with_scores"),
        ("retention", "drop_events", "outbox_published"),
        ("retention", "open_uploads", "recording_failed"),
        ("tombstones", "delete_outbox", "outbox_recording"),
        ("tombstones", "count_attempt", "tombstone_open"),
        ("tombstones", "unsettled", "tombstone_unsettled"),
        ("tombstones", "reachable", "tombstone_reachable"),
    ],
)
def test_an_index_serves_it(
    archive: "psycopg.Connection[Any]", topic: str, name: str, index: str
) -> None:
    lines = archive.execute(b"EXPLAIN " + queries(topic)[name].encode(), ASKED).fetchall()
    plan = "\n".join(line for (line,) in lines)
    assert index in plan
    assert "Seq Scan on recording" not in plan
    assert "Seq Scan on chunk" not in plan
    assert "Seq Scan on outbox" not in plan
    assert "Seq Scan on tombstone" not in plan
