"""The environment of one row: servers, workers, scheduler, submitted recordings, and the times of
its faults."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from redis.exceptions import RedisError

from cli.localstack import processes, waiting
from earshot.analysis.errors import Unavailable
from tests.servers import Stack, servers
from trials.chaos import audit, load, probe
from trials.chaos.fleet import Fleet, Worker

ANALYSES = ("probe", "scene", "noise", "sentiment", "emotion")
FEW = ("probe", "scene", "noise")
"""Those of the short rows: what a fault does to a chunk does not depend on the cost of its
analysis."""
SETTINGS = {
    "CHUNK_DURATION_SEC": load.CHUNK_SEC,
    "CHUNK_MAX_SEC": load.CHUNK_MAX_SEC,
    "OVERLAP_SEC": load.OVERLAP_SEC,
    "CHUNK_BATCH_SIZE": 4,
    "TASK_TIME_LIMIT_SEC": 20,
    "VISIBILITY_TIMEOUT_SEC": 22,
    "CHUNK_LEASE_SEC": 12,
    "WORKER_LOST_SEC": 8,
    "RECONCILE_EVERY_SEC": 2,
    "RELAY_EVERY_SEC": 1,
    "SOFT_SHUTDOWN_SEC": 4,
}
"""Production's timeouts, shortened, so that seconds show what takes minutes there."""

FRONT, MERGE = Worker(("ingest", "upkeep"), 2), Worker(("merge", "finalize"), 1)
ANALYSING = Worker(ANALYSES, 2)
USUAL = {"front": FRONT, "merge": MERGE, "work-1": ANALYSING, "work-2": ANALYSING}


@dataclass
class Arena:
    """A running system and the faults applied to it."""

    stack: Stack
    fleet: Fleet
    redis_url: str
    """URL of the server itself, even if workers use a proxy."""
    running: ExitStack
    """Other processes started by a row, to be stopped before the rest."""
    analyses: tuple[str, ...] = ANALYSES
    feeds: list["subprocess.Popen[bytes]"] = field(default_factory=list)
    faults: int = 0
    in_flight: int = 0
    """Chunks in flight, summed over the faults."""
    last_fault_ended: float = 0.0
    misses: list[str] = field(default_factory=list)
    """Missed bars of this row alone."""
    outlives: dict[str, int | None] = field(default_factory=dict)
    """Process ids, by name, of those that must survive until everything is finished."""

    @property
    def folder(self) -> Path:
        """Folder of the submitted recordings."""
        return self.stack.home / "recordings"

    @property
    def probe_log(self) -> Path:
        return self.stack.home / "probe.log"

    def start(self, *names: str) -> None:
        """Starts the named workers (default: all), and beat with the first."""
        if not processes.running(self.stack.home, "beat"):
            self.running.enter_context(self.stack.beat())
        self.fleet.start(names or tuple(self.fleet.workers))

    def hand_in(self) -> None:
        """Starts a client that submits the recordings of the folder."""
        argv = [sys.executable, "-m", "trials.chaos.feed", str(self.folder), *self.analyses]
        env = {**os.environ, **self.stack.env(), "EARSHOT_REDIS_URL": self.redis_url}
        with (self.stack.home / "logs" / "feed.log").open("ab") as out:
            self.feeds.append(subprocess.Popen(argv, env=env, stdout=out, stderr=subprocess.STDOUT))

    @contextmanager
    def fault(self) -> Iterator[None]:
        """Wraps a fault: counts it, the work in flight, and its end."""
        self.in_flight += audit.in_flight(self.stack.database_url, self.probe_log)
        self.faults += 1
        try:
            yield
        finally:
            self.last_fault_ended = time.monotonic()

    def pids(self) -> dict[str, int | None]:
        """Process ids of beat and the workers."""
        running = {
            name: processes.running(self.stack.home, name) for name in (*self.fleet.workers, "beat")
        }
        return {name: process.pid if process else None for name, process in running.items()}

    def merged(self) -> int:
        """Chunks merged so far."""
        return audit.count(self.stack.database_url, "chunk", "state = 'merged'")

    def has_merged(self, chunks: int) -> bool:
        return self.merged() >= chunks

    def until(self, true: Callable[[], bool], limit_sec: float, what: str) -> None:
        """Waits for a condition of the scenario itself; an unavailable server is queried again."""
        if not waiting.became(lambda: answered(true), limit_sec):
            raise AssertionError(f"{what}: not within {limit_sec:.0f} s")

    def recover(self, limit_sec: float) -> float:
        """Seconds from the end of the last fault until everything is finished; more than the limit
        if it is not."""
        began = self.last_fault_ended or time.monotonic()
        deadline = time.monotonic() + limit_sec
        while time.monotonic() < deadline:
            if answered(self._finished):
                seconds = time.monotonic() - began
                self.misses += [
                    f"{name} was ended"
                    for name, pid in self.outlives.items()
                    if self.pids()[name] != pid
                ]
                return seconds
            time.sleep(0.25)
        self.misses.append(f"not finished {limit_sec:.0f} s after the last fault")
        return time.monotonic() - began

    def _finished(self) -> bool:
        fed = all(feed.poll() is not None for feed in self.feeds)
        return fed and audit.settled(self.stack.database_url, self.redis_url)


def answered(true: Callable[[], bool]) -> bool:
    """The condition; false also while a server is unavailable."""
    try:
        return true()
    except (Unavailable, RedisError, psycopg.Error):
        return False


@contextmanager
def arena(
    settings: Mapping[str, object], workers: Mapping[str, Worker], work_ms: int
) -> Iterator[Arena]:
    """Servers with the audit installed, the fleet (not started yet) and beat; all stopped at the
    end in any case."""
    with ExitStack() as running:
        stack = running.enter_context(servers())
        stack.settings |= {key: str(value) for key, value in {**SETTINGS, **settings}.items()}
        audit.install(stack.database_url)
        watched = {probe.LOG: str(stack.home / "probe.log"), probe.WORK_MS: str(work_ms)}
        known = {name: each._replace(env={**watched, **each.env}) for name, each in workers.items()}
        fleet = running.enter_context(Fleet(stack, known))
        made = Arena(stack, fleet, stack.redis_url, running)
        running.callback(_end_feeds, made)
        yield made


def _end_feeds(made: Arena) -> None:
    for feed in made.feeds:
        if feed.poll() is None:
            feed.kill()
        feed.wait()
