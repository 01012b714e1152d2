"""What is asked every few seconds is answered from an index, so that it costs the same however large the archive grows."""

from uuid import uuid4

import psycopg
import pytest

from storage.queries import queries

pytestmark = pytest.mark.integration

ONE = {"id": uuid4(), "recording_id": uuid4(), "sha256": "0" * 64, "recordings": 2, "age_sec": 1}


@pytest.mark.parametrize(
    ("topic", "name", "index"),
    [
        ("ledger", "waiting_requests", "recording_open"),
        ("ledger", "unfinalized", "recording_open"),
        ("ledger", "undispatched", "_open"),
        ("ledger", "unmerged", "chunk_open"),
        ("ledger", "on_their_way", "chunk_open"),
        ("recordings", "enders", "recording_sha256"),
        ("dead_letters", "quarantined", "recording_sha256"),
    ],
)
def test_an_index_serves_it(database_url: str, topic: str, name: str, index: str) -> None:
    """With sequential scans off, only what no index can answer is still scanned."""
    with psycopg.connect(database_url, cursor_factory=psycopg.ClientCursor) as connection:
        connection.execute("SET enable_seqscan = off")
        lines = connection.execute(b"EXPLAIN " + queries(topic)[name].encode(), ONE).fetchall()
    plan = "\n".join(line for (line,) in lines)
    assert index in plan
    assert "Seq Scan" not in plan, plan
