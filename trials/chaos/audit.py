"""Reads the actual results from Postgres, Redis and the probe's file, never from the code under
test."""

import json
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple, cast

from redis import Redis

from earshot.storage.postgres import db
from earshot.storage.redis.stream import KEY

_OPEN = "SELECT count(*) AS n FROM recording WHERE finished_at IS NULL"
_UNPUBLISHED = "SELECT count(*) AS n FROM outbox WHERE published_at IS NULL"
_MERGED = "SELECT recording_id, index FROM chunk WHERE state = 'merged'"
_TWICE = """
SELECT DISTINCT recording_id FROM (
    SELECT recording_id FROM chaos_audit
    GROUP BY recording_id, round, what, CASE WHEN what <> 'closed' THEN part END
    HAVING count(*) > 1
) AS twice
"""


class Computed(NamedTuple):
    """Records of the probe: its chunks, how often each was started, and how many computations
    finished."""

    taken: set[str]
    begun: Counter[str]
    ended: int

    @property
    def extra(self) -> int:
        """Computations beyond one for each chunk."""
        return sum(self.begun.values()) - len(self.begun)


def install(database_url: str) -> None:
    """Installs the audit triggers in a migrated database."""
    with db.connect(database_url) as connection:
        connection.execute(Path(__file__).with_name("audit.sql").read_bytes())


def count(database_url: str, table: str, where: str = "true") -> int:
    """Rows of a table."""
    return int(rows(database_url, f"SELECT count(*) AS n FROM {table} WHERE {where}")[0]["n"])


def rows(database_url: str, query: str) -> list[dict[str, Any]]:
    """All rows of a query of the harness."""
    with db.connect(database_url) as connection:
        return connection.execute(query.encode()).fetchall()


def computed(log: Path) -> Computed:
    """Every computation of the probe so far."""
    lines = (
        [line.split() for line in log.read_text(encoding="utf-8").splitlines()]
        if log.exists()
        else []
    )
    named = {
        word: [line[1] for line in lines if line[0] == word] for word in ("take", "begin", "end")
    }
    return Computed(set(named["take"]), Counter(named["begin"]), len(named["end"]))


def in_flight(database_url: str, log: Path) -> int:
    """Chunks dispatched to the probe and not merged: the possible cost of a fault at this
    moment."""
    merged = {f"{row['recording_id']}:{row['index']}" for row in rows(database_url, _MERGED)}
    return len(computed(log).taken - merged)


def merged_twice(database_url: str) -> set[str]:
    """Recordings with a chunk merged, a finding written or the whole closed more than once in one
    round."""
    return {str(row["recording_id"]) for row in rows(database_url, _TWICE)}


def published(redis_url: str) -> Counter[str]:
    """Number of occurrences of each event id in the stream."""
    with Redis.from_url(redis_url, socket_timeout=30) as client:
        entries = cast(list[tuple[bytes, dict[bytes, bytes]]], client.xrange(KEY))
    return Counter(json.loads(fields[b"event"])["id"] for _, fields in entries)


def settled(database_url: str, redis_url: str) -> bool:
    """True if nothing is open, and every event of the outbox is in the stream."""
    with db.connect(database_url) as connection:
        waiting = [connection.execute(query).fetchone() for query in (_OPEN, _UNPUBLISHED)]
        stored = connection.execute("SELECT count(*) AS n FROM outbox").fetchone()
    if stored is None or any(row is None or row["n"] for row in waiting):
        return False
    with Redis.from_url(redis_url, socket_timeout=30) as client:
        return int(cast(int, client.xlen(KEY))) >= int(stored["n"])
