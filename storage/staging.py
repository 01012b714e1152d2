"""Outcomes on their way from workers to the merge: one Redis hash per chunk, one field per analysis.

They travel beside the chord instead of inside it, so no transcript is ever a task's argument or result, a redelivered job finds
what it did before, and a chunk that must be dispatched again repeats only what is missing.
"""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from redis import Redis

from analysis.types import ChunkKey
from storage.ledger import Staged
from storage.redis import lost_connections


def _key(chunk: ChunkKey) -> str:
    return f"outcome:{chunk.recording_id}:{chunk.index}"


@lost_connections()
def put(redis: Redis, analysis: str, outcomes: Mapping[ChunkKey, Staged], ttl_sec: int) -> None:
    """Stages one analysis's outcomes."""
    pipeline = redis.pipeline(transaction=False)
    for chunk, staged in outcomes.items():
        pipeline.hset(_key(chunk), analysis, staged.model_dump_json())
        pipeline.expire(_key(chunk), ttl_sec)
    pipeline.execute()


@lost_connections()
def present(redis: Redis, analysis: str, release: str, chunks: Sequence[ChunkKey]) -> set[ChunkKey]:
    """Which chunks this release of the analysis has been through already."""
    pipeline = redis.pipeline(transaction=False)
    for chunk in chunks:
        pipeline.hget(_key(chunk), analysis)
    found = zip(chunks, pipeline.execute(), strict=True)
    return {chunk for chunk, text in found if text is not None and Staged.model_validate_json(text).release == release}


@lost_connections()
def get(redis: Redis, chunks: Sequence[ChunkKey]) -> dict[ChunkKey, dict[str, Staged]]:
    """Everything staged for the chunks, by analysis; a chunk with nothing staged maps to an empty dict."""
    pipeline = redis.pipeline(transaction=False)
    for chunk in chunks:
        pipeline.hgetall(_key(chunk))
    answers = cast(list[dict[bytes, bytes]], pipeline.execute())
    return {
        chunk: {name.decode(): Staged.model_validate_json(text) for name, text in answer.items()}
        for chunk, answer in zip(chunks, answers, strict=True)
    }


@lost_connections()
def discard(redis: Redis, chunks: Sequence[ChunkKey]) -> None:
    """Forgets what is staged; called when the merge is committed."""
    keys: list[Any] = [_key(chunk) for chunk in chunks]
    if keys:
        redis.delete(*keys)
