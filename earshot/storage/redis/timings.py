"""Time of the stages of the pipeline, added up over all workers, for reports of performance."""

from collections.abc import Mapping
from typing import cast

from redis import Redis

from earshot.storage.redis.client import lost_connections

KEY = "timings"
"""Hash: ``<stage>:<figure>`` to an integer that only grows. A stage is an analysis, ``ingest``,
``merge`` or ``finalize``."""
FIGURES = (
    "tasks",
    "chunks",
    "sound_ms",
    "wait_ms",
    "work_ms",
    "cpu_ms",
    "gc_us",
    "gc_runs",
    "gc_collected",
    "gc_uncollectable",
)


@lost_connections()
def add(redis: Redis, stage: str, figures: Mapping[str, int]) -> None:
    """Adds figures, which are among ``FIGURES``, to those of the stage."""
    pipeline = redis.pipeline(transaction=False)
    for name, value in figures.items():
        if value:
            pipeline.hincrby(KEY, f"{stage}:{name}", value)
    pipeline.execute()


@lost_connections()
def read(redis: Redis) -> dict[str, dict[str, int]]:
    """Stage to its figures so far, of all time."""
    found: dict[str, dict[str, int]] = {}
    rows = cast(dict[bytes, bytes], redis.hgetall(KEY))
    for field, value in rows.items():
        stage, _, name = field.decode().rpartition(":")
        found.setdefault(stage, {})[name] = int(value)
    return found


def since(
    before: Mapping[str, Mapping[str, int]], now: Mapping[str, Mapping[str, int]]
) -> dict[str, dict[str, int]]:
    """What was added between two readings; Redis may have been emptied meanwhile."""
    return {
        stage: {
            name: value - old if (old := before.get(stage, {}).get(name, 0)) <= value else value
            for name in FIGURES
            for value in [figures.get(name, 0)]
        }
        for stage, figures in sorted(now.items())
    }
