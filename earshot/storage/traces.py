"""Searches Redis and Postgres for ids of recordings, and removes them from Redis."""

import base64
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any, NamedTuple, cast
from uuid import UUID

from psycopg import sql
from redis import Redis

from earshot.analysis.deletion import Trace
from earshot.analysis.types import ChunkKey
from earshot.storage import staging
from earshot.storage.postgres.db import Connection
from earshot.storage.postgres.queries import queries
from earshot.storage.redis import deleted, refused, stream
from earshot.storage.redis.client import lost_connections

SQL = queries("traces")

PAGE = 1000
LAST_PAGE = 2**32 - 1
"""Page number in Postgres beyond the last row."""
PATTERN = "-?".join(f"[0-9a-f]{{{digits}}}" for digits in (8, 4, 4, 4, 12))
_ID = re.compile(PATTERN.encode(), re.IGNORECASE)
_BODY = re.compile(rb'"body": ?"([A-Za-z0-9+/]+)')
"""Arguments of a message in a queue; the last characters may be cut off."""
UNACKED, UNACKED_INDEX = b"unacked", b"unacked_index"
RESULT, CHORD = b"celery-task-meta-", b"celery-taskset-meta-"
CHORD_PARTS = (b"", b".j", b".t", b".s", b".d", b".c")


class Hit(NamedTuple):
    """One entry of Redis that names a recording: a field, member, element or stream entry of a key,
    or the whole key."""

    recording: UUID
    kind: str
    key: bytes
    of: bytes
    """Redis's type of the key; empty if the whole key is removed."""
    member: bytes = b""


class Ids:
    """Recordings to search for, in any notation of their ids."""

    def __init__(self, ids: Iterable[UUID]) -> None:
        self._wanted = {each.hex.encode(): each for each in ids}

    def named(self, text: bytes) -> UUID | None:
        """The first of them that the text names, also in the arguments of a message."""
        bodies = (base64.b64decode(found[: len(found) // 4 * 4]) for found in _BODY.findall(text))
        found = (
            each.replace(b"-", b"").lower()
            for part in (text, *bodies)
            for each in _ID.findall(part)
        )
        return next((self._wanted[each] for each in found if each in self._wanted), None)


@lost_connections()
def look(redis: Redis, ids: Collection[UUID]) -> tuple[int, list[Hit]]:
    """Number of keys, and all entries that name one of the recordings, except the mark of their
    deletion (``earshot.storage.redis.deleted``) and its event."""
    wanted, seen, hits = Ids(ids), 0, list[Hit]()
    for page in _pages(redis):
        seen += len(page)
        strings = [key for key, kind in page if kind == b"string"]
        texts = dict(
            zip(
                strings,
                cast(list[bytes | None], redis.mget(strings) if strings else []),
                strict=True,
            )
        )
        for key, kind in page:
            if key == deleted.KEY.encode():
                continue
            whole = wanted.named(key) or wanted.named(texts.get(key) or b"")
            if whole:
                hits.append(Hit(whole, _kind(key), key, b""))
                continue
            for name, text in _entries(redis, key, kind):
                if recording_id := wanted.named(text):
                    hits.append(Hit(recording_id, _kind(key), key, kind, name))
    return seen, hits


@lost_connections()
def remove(redis: Redis, hits: Iterable[Hit]) -> dict[UUID, Counter[str]]:
    """Removes the entries; returns, for each recording, the number removed of each kind."""
    removed: dict[UUID, Counter[str]] = {}
    for hit in hits:
        removed.setdefault(hit.recording, Counter())[hit.kind] += _remove(redis, hit)
    return removed


def rows(connection: Connection, ids: Collection[UUID]) -> tuple[dict[str, int], list[Trace]]:
    """Number of rows of each table, and the tables that name one of the recordings in any column,
    except their tombstones and the event of their deletion."""
    counts, found = {}, []
    for name in [row["name"] for row in connection.execute(SQL["tables"])]:
        counts[name], times = pages(connection, name, ids, 0, LAST_PAGE)
        if times:
            found.append(Trace(store="postgres", place=name, times=times))
    return counts, found


def pages(
    connection: Connection, name: str, ids: Collection[UUID], first: int, last: int
) -> tuple[int, int]:
    """Number of rows in those pages of a table from ``first`` to before ``last``, and how often
    they name a recording."""
    table = sql.Identifier(name)
    args = {
        "pattern": PATTERN,
        "hexes": [each.hex for each in ids],
        "first": f"({first},0)",
        "last": f"({last},0)",
    }
    row = connection.execute(sql.SQL(SQL["rows"]).format(table=table), args).fetchone()
    hits = connection.execute(sql.SQL(SQL["named"]).format(table=table), args)
    return int(row["rows"]) if row else 0, sum(hit["times"] for hit in hits)


@lost_connections()
def arguments(redis: Redis, queues: Iterable[str]) -> list[str]:
    """Arguments of the messages in these queues, and of those held by workers."""
    held = [text for _, text in _entries(redis, UNACKED, b"hash")]
    waiting = [text for queue in queues for text, _ in _entries(redis, queue.encode(), b"list")]
    return [
        base64.b64decode(body[: len(body) // 4 * 4]).decode(errors="replace")
        for text in (*held, *waiting)
        for body in _BODY.findall(text)
    ]


def _pages(redis: Redis) -> Iterator[list[tuple[bytes, bytes]]]:
    """Every key with its type."""
    cursor = 0
    while True:
        cursor, keys = cast(tuple[int, list[bytes]], redis.scan(cursor, count=PAGE))
        pipeline = redis.pipeline(transaction=False)
        for key in keys:
            pipeline.type(key)
        yield list(zip(keys, pipeline.execute(), strict=True))
        if cursor == 0:
            return


def _entries(redis: Redis, key: bytes, kind: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Contents of a key that is no string: a name to remove each entry by, and its text."""
    if kind == b"hash":
        yield from (
            (field, field + b" " + text) for field, text in redis.hscan_iter(key, count=PAGE)
        )
    elif kind == b"list":
        for start in range(0, redis.llen(key), PAGE):
            yield from (
                (each, each)
                for each in cast(list[bytes], redis.lrange(key, start, start + PAGE - 1))
            )
    elif kind == b"set":
        yield from ((each, each) for each in redis.sscan_iter(key, count=PAGE))
    elif kind == b"zset":
        yield from ((each, each) for each, _ in redis.zscan_iter(key, count=PAGE))
    elif kind == b"stream":
        yield from _stream(redis, key)


def _stream(redis: Redis, key: bytes) -> Iterator[tuple[bytes, bytes]]:
    after = "-"
    while entries := cast(Any, redis.xrange(key, min=after, count=PAGE)):
        for entry, fields in entries:
            text = b" ".join(fields.values())
            if not (key == stream.KEY.encode() and b'"type":"recording.deleted"' in text):
                yield entry, text
        after = f"({entries[-1][0].decode()}"


def _kind(key: bytes) -> str:
    if key.startswith(RESULT):
        return "results"
    if key.startswith(CHORD):
        return "chords"
    known = {stream.KEY.encode(): "events", refused.KEY.encode(): "refused", UNACKED: "messages"}
    return known.get(key, "keys" if b":" in key else "messages")


def _remove(redis: Redis, hit: Hit) -> int:
    key, member = hit.key, hit.member
    if key.startswith(CHORD):  # one part of it names the recording, the others only count
        group = re.sub(rb"\.[jtsdc]$", b"", key)
        return redis.delete(*(group + part for part in CHORD_PARTS))
    if hit.of == b"hash":
        if key == UNACKED:
            redis.zrem(UNACKED_INDEX, member)
        return redis.hdel(cast(str, key), cast(str, member))
    if hit.of == b"list":
        return redis.lrem(cast(str, key), 0, cast(str, member))
    if hit.of in (b"set", b"zset"):
        return redis.srem(key, member) if hit.of == b"set" else redis.zrem(key, member)
    return redis.xdel(key, member) if hit.of == b"stream" else redis.delete(key)


@lost_connections()
def forget(
    redis: Redis, chunks: Iterable[ChunkKey], event_ids: Sequence[str], stream_ids: Sequence[str]
) -> tuple[int, int]:
    """Removes the known data of a recording from Redis: staged outcomes of its chunks, in every
    round, and its events. Returns the number of keys and stream entries."""
    keys = [
        staging.key(each.model_copy(update={"round": number}))
        for each in chunks
        for number in range(1, each.round + 1)
    ]
    staged = redis.delete(*keys) if keys else 0
    entries, remembered = stream.withdraw(redis, event_ids, stream_ids)
    return staged + remembered, entries
