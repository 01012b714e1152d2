"""A flood: more work than capacity while the consumers are stopped."""

import time
from statistics import median
from typing import Any, cast

from redis import Redis

from trials.chaos import audit
from trials.chaos.arena import Arena
from trials.chaos.scenario import Size

GROWTH = 1.1
"""Maximum growth of Redis after the pending submissions at the bound have arrived: heartbeats come
and go."""
SETTLING_SEC = 5.0


def flood(arena: Arena, size: Size) -> None:
    """Only ingest and upkeep run during the submission; Redis's memory is sampled, and then the
    consumers start."""
    bound = int(arena.stack.settings["MAX_UNMERGED_CHUNKS"])
    arena.analyses = ("probe",)
    arena.start("front")
    arena.hand_in()
    arena.until(lambda: _unmerged(arena) >= bound, 300, f"{bound} chunks on their way")
    with arena.fault():
        time.sleep(SETTLING_SEC)
        seen = _watched(arena, size.seconds)
        waiting = _unmerged(arena)
    # Buffers of clients vary within one sample; medians keep only lasting growth.
    before, after = (
        median(part) / 2**20 for part in (seen[: len(seen) // 3], seen[-len(seen) // 3 :])
    )
    if after > GROWTH * before:
        arena.misses.append(
            f"Redis grew from {before:.2f} to {after:.2f} MB in {size.seconds:.0f} s at the bound"
        )
    if waiting > bound + size.chunks * 2:
        arena.misses.append(f"{waiting} chunks were admitted, the bound is {bound}")
    arena.start("merge", "work-1", "work-2")


def _watched(arena: Arena, seconds: float) -> list[int]:
    """Redis's memory every half second, in bytes."""
    seen = []
    with Redis.from_url(arena.redis_url) as client:
        for _ in range(max(2, round(seconds * 2))):
            seen.append(int(cast(dict[str, Any], client.info("memory"))["used_memory"]))
            time.sleep(0.5)
    return seen


def _unmerged(arena: Arena) -> int:
    return audit.count(arena.stack.database_url, "chunk", "state <> 'merged'")
