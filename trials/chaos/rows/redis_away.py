"""Redis is killed, emptied, frozen, or unreachable on every existing connection."""

import os
import signal
import time

from redis import Redis

from cli.localstack import processes, redis
from tests.proxy import Proxy
from trials.chaos.arena import Arena
from trials.chaos.scenario import Size

RESUME_SEC = 60.0
"""Maximum time in which every worker must complete a task after the network is back."""


def killed(arena: Arena, size: Size) -> None:
    """SIGKILL, down for a while, and started again with its append-only file."""
    _half_way(arena, size)
    for _ in range(size.faults):
        with arena.fault():
            os.kill(_pid(arena), signal.SIGKILL)
            time.sleep(size.seconds)
            redis.start(arena.stack.home)
            redis.wait(arena.stack.home)


def emptied(arena: Arena, size: Size) -> None:
    """FLUSHALL at half-way."""
    _half_way(arena, size)
    with arena.fault():
        Redis.from_url(arena.redis_url).flushall()


def frozen(arena: Arena, size: Size) -> None:
    """SIGSTOP: it accepts connections and answers nothing."""
    _half_way(arena, size)
    pid = _pid(arena)
    with arena.fault():
        os.kill(pid, signal.SIGSTOP)
        try:
            time.sleep(size.seconds)
        finally:
            os.kill(pid, signal.SIGCONT)


def unreachable(arena: Arena, size: Size) -> None:
    """A black hole: existing connections stay open and never carry another byte, also afterwards;
    new ones hang meanwhile."""
    proxy = arena.running.enter_context(Proxy(arena.redis_url))
    arena.stack.redis_url = proxy.url
    _half_way(arena, size)
    with arena.fault():
        proxy.black_hole()
        time.sleep(size.seconds)
        proxy.open()
    sizes = {name: _log_size(arena, name) for name in arena.fleet.workers}
    deadline = time.monotonic() + RESUME_SEC
    while sizes and time.monotonic() < deadline:
        sizes = {name: size for name, size in sizes.items() if not _did_a_task(arena, name, size)}
        time.sleep(0.2)
    if sizes:
        arena.misses.append(
            f"{', '.join(sizes)} did no task within {RESUME_SEC:.0f} s of the network's return"
        )


def _half_way(arena: Arena, size: Size) -> None:
    arena.start()
    arena.hand_in()
    arena.until(
        lambda: arena.merged() >= size.recordings * size.chunks // 2, 240, "half of the chunks"
    )


def _pid(arena: Arena) -> int:
    process = processes.running(arena.stack.home, redis.NAME)
    assert process is not None
    return process.pid


def _log_size(arena: Arena, name: str) -> int:
    return processes.log_file(arena.stack.home, name).stat().st_size


def _did_a_task(arena: Arena, name: str, after: int) -> bool:
    with processes.log_file(arena.stack.home, name).open("rb") as log:
        log.seek(after)
        return b"succeeded in" in log.read()
