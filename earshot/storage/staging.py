"""Outcomes between workers and the merge: one Redis hash per chunk and round, one field per
analysis.

They are stored beside the chord instead of inside it, so no transcript is ever a task's argument or
result, a redelivered job finds its earlier outcomes, and a chunk that must be dispatched again
repeats only missing ones. The same hash holds the claims on the chunk
(``earshot.storage.redis.claims``). After the merge a mark replaces it, so that a late job knows
that nothing is left to do.
"""

import logging
from collections.abc import Mapping, Sequence
from typing import TypeVar, cast

from pydantic import BaseModel, ValidationError
from redis import Redis

from earshot.analysis.errors import one_line
from earshot.analysis.types import ChunkKey
from earshot.storage.postgres.ledger import Staged
from earshot.storage.redis import deleted
from earshot.storage.redis.client import lost_connections

log = logging.getLogger(__name__)
T = TypeVar("T", bound=BaseModel)

OUTCOME, CLAIM, DEATHS, LAST, WAIT = "outcome:", "claim:", "deaths:", "last:", "wait:"
"""Prefixes of the hash's fields, each followed by the name of an analysis."""
MERGED = "merged"


def key(chunk: ChunkKey) -> str:
    """The Redis key of a chunk's hash."""
    return f"chunk:{chunk.recording_id}:{chunk.index}:{chunk.round}"


_PUT = (
    deleted.IF_DELETED
    + """
redis.call('HSET', KEYS[1], ARGV[2], ARGV[3])
redis.call('HDEL', KEYS[1], ARGV[4])
redis.call('EXPIRE', KEYS[1], ARGV[5])
return 1
"""
)
_SETTLE = (
    deleted.IF_DELETED
    + """
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], ARGV[2], 1)
redis.call('EXPIRE', KEYS[1], ARGV[3])
return 1
"""
)


@lost_connections()
def put(redis: Redis, analysis: str, outcomes: Mapping[ChunkKey, Staged], ttl_sec: int) -> bool:
    """Stages one analysis's outcomes and drops its claims. False if nothing is staged for any of
    the chunks, because their recording was deleted."""
    pipeline = redis.pipeline()
    for chunk, staged in outcomes.items():
        names = (OUTCOME + analysis, staged.model_dump_json(), CLAIM + analysis)
        pipeline.eval(_PUT, 2, key(chunk), deleted.KEY, str(chunk.recording_id), *names, ttl_sec)
    return all(pipeline.execute())


@lost_connections()
def get(redis: Redis, chunks: Sequence[ChunkKey]) -> dict[ChunkKey, dict[str, Staged]]:
    """All staged outcomes of the chunks, by analysis; an empty dict for a chunk without any."""
    pipeline = redis.pipeline(transaction=False)
    for chunk in chunks:
        pipeline.hgetall(key(chunk))
    answers = cast(list[dict[bytes, bytes]], pipeline.execute())
    return {chunk: _outcomes(answer) for chunk, answer in zip(chunks, answers, strict=True)}


@lost_connections()
def settle(redis: Redis, chunks: Sequence[ChunkKey], ttl_sec: int) -> None:
    """Replaces staged outcomes by a mark that the chunk is merged, for as long as a late job may
    arrive; called after the commit of the merge. A deleted recording leaves no mark."""
    pipeline = redis.pipeline()
    for chunk in chunks:
        pipeline.eval(_SETTLE, 2, key(chunk), deleted.KEY, str(chunk.recording_id), MERGED, ttl_sec)
    pipeline.execute()


def readable(kind: type[T], text: bytes | None) -> T | None:
    """The value, or None for one written by another version of this program: it counts as
    absent."""
    try:
        return kind.model_validate_json(text) if text else None
    except ValidationError as error:
        log.warning("Redis holds a %s that cannot be read: %s", kind.__name__, one_line(error))
        return None


def _outcomes(answer: Mapping[bytes, bytes]) -> dict[str, Staged]:
    fields = [(name.decode(), text) for name, text in answer.items()]
    found = {
        name.removeprefix(OUTCOME): readable(Staged, text)
        for name, text in fields
        if name.startswith(OUTCOME)
    }
    return {name: staged for name, staged in found.items() if staged is not None}
