"""Postgres restarts while merges run, or stays down."""

import os
import signal
import time

from cli.localstack import postgres, waiting
from trials.chaos.arena import Arena
from trials.chaos.scenario import Size

PAUSE_SEC = 3.0


def restarted(arena: Arena, size: Size) -> None:
    """Fast shutdown and immediate shutdown (as after a crash) in turn, in the middle of merging."""
    _merging(arena, size)
    for fault in range(size.faults):
        with arena.fault():
            if fault % 2:
                _immediately(arena)
            else:
                postgres.stop(arena.stack.home)
            postgres.start(arena.stack.home)
        time.sleep(PAUSE_SEC)


def away(arena: Arena, size: Size) -> None:
    """Stopped, and started again after a while."""
    _merging(arena, size)
    with arena.fault():
        postgres.stop(arena.stack.home)
        time.sleep(size.seconds)
        postgres.start(arena.stack.home)


def _merging(arena: Arena, size: Size) -> None:
    arena.start()
    arena.hand_in()
    arena.until(
        lambda: arena.merged() >= size.recordings * size.chunks // 5, 240, "a fifth of the chunks"
    )


def _immediately(arena: Arena) -> None:
    pid = postgres.pid(arena.stack.home)
    assert pid is not None
    os.kill(pid, signal.SIGQUIT)
    waiting.until(
        lambda: postgres.pid(arena.stack.home) != pid, 30, "Postgres's immediate shutdown"
    )
