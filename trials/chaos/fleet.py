"""The workers of a harness's stack under a supervisor that restarts dead processes, as systemd or
Kubernetes would."""

import os
import signal
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Self

from cli.localstack import processes, waiting
from earshot.settings import PROJECT
from tasks.app import worker_argv
from tasks.process.environment import process_env
from tests.servers import Stack

LOOK_SEC = 0.2
READY_SEC = 90.0
STOP_SEC = 40.0


class Worker(NamedTuple):
    """One worker process: its pools, its children, and its additional environment."""

    pools: tuple[str, ...]
    concurrency: int = 1
    env: Mapping[str, str] = {}


class Fleet:
    """Starts and supervises the workers of one stack, in sessions of their own, known by process
    id."""

    def __init__(self, stack: Stack, workers: Mapping[str, Worker]) -> None:
        self.stack, self.workers = stack, dict(workers)
        self._wanted: set[str] = set()
        self._lock = threading.RLock()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._supervise, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(READY_SEC)
        with self._lock:
            processes.stop(self.stack.home, list(self.workers), 15)

    def start(self, names: Sequence[str]) -> None:
        """Starts workers and returns when each consumes its queues."""
        with self._lock:
            self._wanted |= set(names)
            for name in names:
                self._start(name)
        waiting.until(lambda: all(map(self.ready, names)), READY_SEC, f"workers {', '.join(names)}")

    def stop(self, names: Sequence[str]) -> None:
        """SIGTERM, as a deployment sends it, to all at once; they stay away until ``start``."""
        with self._lock:
            self._wanted -= set(names)
            deaf = processes.stop(self.stack.home, names, STOP_SEC)
        if deaf:
            raise AssertionError(
                f"{', '.join(deaf)} did not end within {STOP_SEC:.0f} s of SIGTERM"
            )

    def kill(self, name: str) -> bool:
        """Sends SIGKILL to the worker's whole process group; False if it is not running at this
        moment."""
        with self._lock:
            process = processes.running(self.stack.home, name)
            if process is None:
                return False
            os.killpg(os.getpgid(process.pid), signal.SIGKILL)
        return True

    def ready(self, name: str) -> bool:
        """True if it consumes its queues."""
        process = processes.running(self.stack.home, name)
        file = self._ready_file(name)
        return (
            process is not None
            and file.exists()
            and file.read_text(encoding="utf-8") == str(process.pid)
        )

    def _supervise(self) -> None:
        while not self._over.wait(LOOK_SEC):
            with self._lock:
                for name in sorted(self._wanted):
                    if processes.running(self.stack.home, name) is None:
                        self._start(name)

    def _start(self, name: str) -> None:
        worker = self.workers[name]
        ready = self._ready_file(name)
        ready.unlink(missing_ok=True)
        env = {**process_env(), **self.stack.env(), "EARSHOT_READY_FILE": str(ready), **worker.env}
        argv = worker_argv(worker.pools, worker.concurrency, name, checked=False)
        processes.start(self.stack.home, name, argv, env, cwd=PROJECT)

    def _ready_file(self, name: str) -> Path:
        return self.stack.home / "run" / f"{name}.ready"
