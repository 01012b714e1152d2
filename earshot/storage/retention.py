"""Removes old data by class, in bounded batches, and measures each class."""

from collections.abc import Collection, Iterable
from typing import Any, NamedTuple, cast
from uuid import UUID

from psycopg.types.json import Jsonb
from redis import Redis

from earshot.analysis.errors import SURROUNDINGS
from earshot.analysis.pii.wordless import without_words
from earshot.storage.postgres.db import Connection
from earshot.storage.postgres.queries import queries
from earshot.storage.redis import stream
from earshot.storage.redis.client import lost_connections

SQL = queries("retention")

DAY_SEC = 86_400
SEEN, HELD = "retention_seen", "retention_held"
"""Keys: Postgres's time at the last pass, and, for a day, a mark that it has jumped."""


class Ages(NamedTuple):
    """Ages in seconds at which a class expires, by source; null: never."""

    sources: list[str]
    """As ``Keeping.retention_of`` names them, and ``""`` for all others."""
    ages: list[float | None]

    @property
    def any(self) -> bool:
        """True if anything expires."""
        return any(age is not None for age in self.ages)

    @property
    def args(self) -> dict[str, Any]:
        least = min((age for age in self.ages if age is not None), default=0.0)
        return {"sources": self.sources, "ages": self.ages, "least_sec": least}


def finished(connection: Connection, ages: Ages, limit: int) -> list[UUID]:
    """Recordings that were complete, or partial, that long ago; oldest first. What is on hold does
    not expire, here and below."""
    return _ids(connection, "recordings", ages, limit)


def failed(connection: Connection, ages: Ages, limit: int) -> list[UUID]:
    """Recordings that failed that long ago, oldest first."""
    return _ids(connection, "failed", ages, limit)


def take_audio(connection: Connection, ages: Ages, limit: int) -> list[UUID]:
    """Recordings with audio that were finished that long ago, locked until the caller's transaction
    ends."""
    return _ids(connection, "take_audio", ages, limit)


def audio_expired(connection: Connection, ids: Collection[UUID]) -> None:
    """Records that the audio of the recordings is gone; in the transaction of ``take_audio``, after
    its removal."""
    connection.execute(SQL["audio_expired"], {"ids": list(ids)})


def take_words(connection: Connection, ages: Ages, limit: int) -> list[UUID]:
    """Recordings with words that were finished that long ago, locked likewise."""
    return _ids(connection, "take_words", ages, limit)


def drop_words(
    connection: Connection, ids: Collection[UUID], words: str, derived: Collection[str]
) -> None:
    """Removes what was spoken from findings, reports, segments, corrections and matches of rules,
    and records it; in the transaction of ``take_words``.

    Args:
        words: the analysis that answers them.
        derived: the analyses of the transcript.
    """
    args = {"ids": list(ids), "analyses": [words, *derived], "kept": []}
    rows = connection.execute(SQL["reports"], args).fetchall()
    kept = [{"id": row["id"], "body": Jsonb(without_words(row["body"], derived))} for row in rows]
    connection.cursor().executemany(SQL["put_report"], kept)
    for query in ("drop_segments", "drop_corrections", "drop_findings", "strip_matches"):
        connection.execute(SQL[query], args)
    connection.execute(SQL["words_expired"], args)


def take_scores(connection: Connection, ages: Ages, limit: int) -> list[UUID]:
    """Recordings with answers that were finished that long ago, locked likewise."""
    return _ids(connection, "take_scores", ages, limit)


def drop_scores(connection: Connection, ids: Collection[UUID], kept: Collection[str] = ()) -> None:
    """Removes all findings, answers in shadow, reports, segments, corrections and matches of rules,
    and records it; in the transaction of ``take_scores``.

    Args:
        kept: analyses whose findings stay: that the sound is redacted is known by them.
    """
    args = {"ids": list(ids), "analyses": None, "kept": list(kept)}
    for table in ("segments", "corrections", "findings", "shadows", "reports", "matches"):
        connection.execute(SQL[f"drop_{table}"], args)
    connection.execute(SQL["scores_expired"], args)


def drop_events(connection: Connection, redis: Redis, age_sec: float, limit: int) -> int:
    """Removes events published that long ago from the outbox and the stream; returns their
    number."""
    with connection.transaction():
        rows = connection.execute(
            SQL["drop_events"], {"age_sec": age_sec, "limit": limit}
        ).fetchall()
        placed = [row for row in rows if row["place"] is not None]
        last = {row["tenant"]: row for row in sorted(placed, key=lambda row: int(row["place"]))}
        for tenant in sorted(last):  # one order for all, so that none waits for another in a circle
            connection.execute(SQL["note_trimmed"], last[tenant])
        stream.withdraw(redis, [str(row["id"]) for row in rows], [row["stream_id"] for row in rows])
    return len(rows)


def drop_dead_letters(connection: Connection, age_sec: float, limit: int) -> int:
    """Removes dead letters decided that long ago; returns their number."""
    return connection.execute(
        SQL["drop_dead_letters"], {"age_sec": age_sec, "limit": limit}
    ).rowcount


def open_uploads(connection: Connection, failed_sec: float | None) -> set[str]:
    """URIs of requests that are unfinished, or that failed for an unavailable dependency; with
    ``failed_sec`` of these only those that failed within that time."""
    args = {"age_sec": failed_sec, "codes": list(SURROUNDINGS)}
    return {row["uri"] for row in connection.execute(SQL["open_uploads"], args)}


def unknown(connection: Connection, ids: Iterable[UUID]) -> set[UUID]:
    """The ids without a recording."""
    wanted = set(ids)
    return wanted - {row["id"] for row in connection.execute(SQL["known"], {"ids": list(wanted)})}


def sizes(connection: Connection) -> dict[str, dict[str, Any]]:
    """``number``, ``bytes`` and ``oldest`` (seconds since the epoch) by class."""
    return {row["class"]: row for row in connection.execute(SQL["sizes"])}


@lost_connections()
def is_held(connection: Connection, redis: Redis) -> bool:
    """True if nothing may be removed for its age: within a day after Postgres's clock advanced by
    more than a day between two passes. Either it was set, which leaves a day to correct it, or no
    pass ran for that long, and a day does no harm."""
    row = connection.execute(SQL["now"]).fetchone()
    now = float(row["now"]) if row else 0.0
    before = cast(bytes | None, redis.set(SEEN, now, get=True))
    if before is not None and now - float(before) > DAY_SEC:
        redis.set(HELD, 1, ex=DAY_SEC)
    return bool(redis.exists(HELD))


def _ids(connection: Connection, query: str, ages: Ages, limit: int) -> list[UUID]:
    return [row["id"] for row in connection.execute(SQL[query], {**ages.args, "limit": limit})]
