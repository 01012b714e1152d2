"""The whole system on the same recordings: a local stack, everything submitted at once, until the last report is stored."""

import json
import sys
import time
from pathlib import Path

import psutil

from earshot.local import plan, postgres, processes, redis, stack
from producer.follow import follow
from producer.submit import Options, submit_all
from settings import settings
from storage import db

POSTGRES = "postgres"


def main() -> None:
    """Prints wall and CPU seconds, and peak memory by pool, as JSON; everything from the first process to the last report."""
    paths = [Path(path) for path in sys.argv[1:]]
    began = time.perf_counter()
    stack.up(_quiet, keep=False)
    try:
        with db.connect(settings().database_url) as connection:
            ended = [each for each in follow(connection, submit_all(paths, Options()), _no_check) if each.finished]
        wall = time.perf_counter() - began
        trees = {name: _tree(pid) for name, pid in _pids().items()}
        own = psutil.Process().cpu_times()
        cpu = sum(_cpu(process) for tree in trees.values() for process in tree) + own.user + own.system
        peaks = {name: max(map(_peak_mb, tree)) for name, tree in trees.items()}
    finally:
        stack.release(_quiet)
    states = {each.submission.path.name: each.state for each in ended}
    print(json.dumps({"wall": wall, "cpu": cpu, "peak_mb": peaks, "states": states}))


def _pids() -> dict[str, int]:
    home = settings().home.resolve()
    recorded = {name: processes.running(home, name) for name in (redis.NAME, *plan.NAMES, plan.BEAT)}
    pids = {name: process.pid for name, process in recorded.items() if process is not None}
    server = postgres.pid(home)
    return pids | ({POSTGRES: server} if server else {})


def _tree(pid: int) -> list[psutil.Process]:
    root = psutil.Process(pid)
    return [root, *root.children(recursive=True)]


def _cpu(process: psutil.Process) -> float:
    """CPU seconds of a process and of its children that have ended."""
    times = process.cpu_times()
    return float(times.user + times.system + times.children_user + times.children_system)


def _peak_mb(process: psutil.Process) -> float:
    """Greatest resident memory so far, shared pages included."""
    status = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8")
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1024


def _quiet(_: str) -> None:
    """The bench prints its own table."""


def _no_check() -> None:
    """The bench waits; its caller bounds the time."""


if __name__ == "__main__":
    main()
