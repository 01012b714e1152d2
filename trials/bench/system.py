"""The whole system on the same recordings: a local stack, and one ``earshot ingest`` of everything,
until it ends."""

import json
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from cli.localstack import plan, postgres, processes, redis, stack
from earshot.settings import settings
from earshot.storage.postgres import db, lookup


def main() -> None:
    """Prints wall and CPU seconds, and peak memory by process, as JSON; all of it from the first
    process to the last report."""
    paths = sys.argv[1:]
    began = time.perf_counter()
    stack.up(_quiet, keep=False)
    try:
        _ingest(paths)
        wall = time.perf_counter() - began
        trees = {name: _tree(pid) for name, pid in _pids().items()}
        # This process's own share contains that of `earshot ingest` and of its other children that
        # have ended.
        cpu = sum(_cpu(process) for tree in trees.values() for process in tree) + _cpu(
            psutil.Process()
        )
        peaks = {name: max(map(_peak_mb, tree)) for name, tree in trees.items()}
        with db.connect() as connection:
            states = [row["state"] for row in lookup.recent(connection, len(paths))]
    finally:
        stack.release(_quiet)
    print(json.dumps({"wall": wall, "cpu": cpu, "peak_mb": peaks, "states": states}))


def _ingest(paths: list[str]) -> None:
    """Runs the user's command. Its exit status adds nothing to the states."""
    with TemporaryDirectory() as out:
        command = [sys.executable, "-m", "earshot", "ingest", "--force", "--out", out, *paths]
        subprocess.run(command, stdout=subprocess.DEVNULL, check=False)


def _pids() -> dict[str, int]:
    home = settings().home.resolve()
    recorded = {
        name: processes.running(home, name) for name in (redis.NAME, *plan.NAMES, plan.BEAT)
    }
    pids = {name: process.pid for name, process in recorded.items() if process is not None}
    server = postgres.pid(home)
    return pids | ({"postgres": server} if server else {})


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
    return (
        int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1])
        / 1024
    )


def _quiet(_: str) -> None:
    """The bench prints its own table."""


if __name__ == "__main__":
    main()
