"""A power cut: every process ends at once, and the last write to Redis's file is garbage."""

import os
import signal
from functools import partial

from cli.localstack import aof, postgres, processes, redis
from trials.chaos.arena import Arena
from trials.chaos.scenario import Size

RUBBISH = bytes(600)
"""Bytes that a file system leaves behind the last write that reached the disk."""


def power_cut(arena: Arena, size: Size) -> None:
    """SIGKILL to workers, beat, Redis and Postgres; then the servers start again as with ``earshot
    up``, and the rest as with a supervisor."""
    arena.start()
    arena.hand_in()
    home = arena.stack.home
    for fault in range(size.faults):
        done = size.recordings * size.chunks * (fault + 1) // (size.faults + 2)
        arena.until(partial(arena.has_merged, done), 240, f"{done} merged chunks")
        with arena.fault():
            _end(arena)
            with (home / "redis" / aof.NAME).open("ab") as file:
                file.write(RUBBISH)
            redis.start(home)
            redis.wait(home)
            postgres.start(home)
            arena.stack.start_beat()


def _end(arena: Arena) -> None:
    server = postgres.pid(arena.stack.home)
    assert server is not None
    parts = [processes.running(arena.stack.home, name) for name in (redis.NAME, "beat")]
    for name in arena.fleet.workers:
        arena.fleet.kill(name)
    for pid in [server, *(part.pid for part in parts if part is not None)]:
        os.kill(pid, signal.SIGKILL)
