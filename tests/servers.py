"""Real servers for tests: Redis, Postgres and worker processes in a folder of their own, stopped by
process id."""

import atexit
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from uuid import UUID

from cli.localstack import postgres, processes, redis, waiting
from earshot.settings import PROJECT
from earshot.storage.postgres import db, recordings, tokens
from earshot.storage.postgres.migrate import migrate
from tasks.process.environment import process_env

WAIT_SEC = 180.0
FIRST_PORT = 20_000


@dataclass
class Stack:
    """Redis and Postgres, and the workers that a test starts against them."""

    home: Path
    redis_url: str
    database_url: str
    project: Path = PROJECT
    settings: dict[str, str] = field(default_factory=dict)
    """``EARSHOT_*`` settings of the workers besides the URLs."""

    def env(self) -> dict[str, str]:
        """What a process of this stack needs in its environment."""
        own = {"HOME": self.home, "REDIS_URL": self.redis_url, "DATABASE_URL": self.database_url}
        roots = {
            "ROOTS": json.dumps([f"file://{self.home}/offered", "s3://calls", "gs://calls"]),
            "CHUNK_BATCH_SIZE": "1",
        }
        named = {
            f"EARSHOT_{key}": str(value) for key, value in {**own, **roots, **self.settings}.items()
        }
        return {**process_env(), **named, "PYTHONPATH": str(self.project)}

    @contextmanager
    def workers(self, name: str, *pools: str, concurrency: int = 1) -> Iterator[processes.Process]:
        """A worker process for these pools; SIGTERM at the end, and SIGKILL for what does not
        go."""
        ready = self.home / "run" / f"{name}.ready"
        ready.unlink(missing_ok=True)
        argv = [
            sys.executable,
            "-m",
            "earshot",
            "worker",
            *pools,
            "--concurrency",
            str(concurrency),
        ]
        process = processes.start(
            self.home,
            name,
            argv,
            {**self.env(), "EARSHOT_READY_FILE": str(ready)},
            cwd=self.project,
        )
        try:
            self._wait(ready.exists, f"worker {name}", process)
            yield process
        finally:
            processes.stop(self.home, [name], 20)

    @contextmanager
    def gateway(self, name: str = "gateway", port: int | None = None) -> Iterator[str]:
        """The HTTP gateway; yields its URL. SIGTERM at the end."""
        port = free_port() if port is None else port
        argv = [sys.executable, "-m", "earshot", "serve", "--port", str(port)]
        process = processes.start(self.home, name, argv, self.env(), cwd=self.project)
        try:
            self._wait(lambda: accepts(port), f"gateway on port {port}", process)
            yield f"http://127.0.0.1:{port}"
        finally:
            processes.stop(self.home, [name], 20)

    @contextmanager
    def live(self, name: str = "live") -> Iterator[processes.Process]:
        """A live process. SIGTERM at the end."""
        ready = self.home / "run" / f"{name}.ready"
        ready.unlink(missing_ok=True)
        argv = [sys.executable, "-m", "earshot", "live"]
        env = {**self.env(), "EARSHOT_READY_FILE": str(ready)}
        process = processes.start(self.home, name, argv, env, cwd=self.project)
        try:
            self._wait(ready.exists, "the live process", process)
            yield process
        finally:
            processes.stop(self.home, [name], 20)

    def kill(self, name: str) -> None:
        """SIGKILL for a process and its children, as at a power cut."""
        process = processes.running(self.home, name)
        assert process is not None
        os.killpg(process.pid, signal.SIGKILL)  # each leads a session of its own
        waiting.until(lambda: not process.alive(), 10, f"the end of {name}")

    def token(self, scope: str = "write", tenant: str = "default") -> str:
        """A new token for the gateway."""
        with db.connect(self.database_url) as connection:
            return tokens.create(connection, "test", tenant, tokens.Scope(scope))[1]

    def start_beat(self) -> None:
        """Starts the scheduler, and leaves it running."""
        processes.start(
            self.home,
            "beat",
            [sys.executable, "-m", "earshot", "beat"],
            self.env(),
            cwd=self.project,
        )

    @contextmanager
    def beat(self) -> Iterator[None]:
        """The scheduler."""
        self.start_beat()
        try:
            yield
        finally:
            processes.stop(self.home, ["beat"], 10)

    def offer(self, path: Path, name: str | None = None) -> str:
        """Copies a file to the root that the workers may read, and returns its URI."""
        folder = self.home / "offered"
        folder.mkdir(exist_ok=True)
        return f"file://{shutil.copy(path, folder / (name or path.name))}"

    def earshot(self, *args: str, timeout: float = WAIT_SEC) -> "subprocess.CompletedProcess[str]":
        """Runs the command the way a user of this stack does."""
        return subprocess.run(
            [sys.executable, "-m", "earshot", *args],
            env={**os.environ, **self.env()},
            cwd=self.home,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def start(self, *args: str) -> "subprocess.Popen[str]":
        """Starts the command, and leaves it running."""
        argv = [sys.executable, "-m", "earshot", *args]
        env = {**os.environ, **self.env()}
        return subprocess.Popen(
            argv, env=env, cwd=self.home, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def wait_finished(self, recording_id: str, timeout_sec: float = WAIT_SEC) -> str:
        """Returns the recording's final state; fails with the workers' last words when it takes too
        long."""
        with db.connect(self.database_url) as connection:
            self._wait(
                lambda: _finished(connection, recording_id),
                f"recording {recording_id}",
                timeout_sec=timeout_sec,
            )
            recording = recordings.get(connection, UUID(recording_id))
        assert recording is not None
        return recording.state

    def _wait(
        self,
        done: Callable[[], bool],
        what: str,
        process: processes.Process | None = None,
        timeout_sec: float = WAIT_SEC,
    ) -> None:
        def seen() -> bool:
            return done() or (process is not None and not process.alive())

        waiting.became(seen, timeout_sec)
        if not done():
            logs = sorted((self.home / "logs").glob("*.log"))
            raise AssertionError(
                "".join([f"{what} is not there", *(waiting.tail(log, most=8000) for log in logs)])
            )


def _finished(connection: db.Connection, recording_id: str) -> bool:
    row = recordings.get(connection, UUID(recording_id))
    return row is not None and row.finished_at is not None


def accepts(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def free_port() -> int:
    """A port below those that the kernel hands out to clients: one that keeps asking for a Redis
    that is down would else be given that very port some day, be connected to itself, and keep
    it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        like = int(probe.getsockname()[1])
    return next(port for port in range(FIRST_PORT + like % 8192, 2**16) if _free(port))


def _free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


@contextmanager
def servers() -> Iterator[Stack]:
    """Redis and a migrated Postgres in a folder of their own, and nothing else."""
    # Not below pytest's folder: under root Postgres runs as another user, whom any pytest session
    # that starts shuts out there.
    home = Path(mkdtemp(prefix="earshot-tests-"))
    try:
        port = free_port()
        redis.start(home, port)  # workers reach it as in production, by TCP
        subprocess.run(["cp", "-a", str(_migrated()), str(home / "postgres")], check=True)
        database_url = postgres.start(home)
        redis.wait(home)
        yield Stack(home, f"redis://127.0.0.1:{port}/0", database_url)
    finally:
        processes.stop(home, [redis.NAME], 10)
        postgres.stop(home)
        shutil.rmtree(home)


@cache
def _migrated() -> Path:
    """The data of a stopped Postgres after all migrations, which the servers of this process begin
    with: to make it takes longer than to copy it, and most tests are not about that."""
    home = Path(mkdtemp(prefix="earshot-tests-"))
    atexit.register(shutil.rmtree, home)
    migrate(postgres.start(home))
    postgres.stop(home)
    with (home / "postgres" / "postgresql.conf").open("a") as settings:
        settings.write("fsync = off\n")  # tests kill processes, which the kernel's cache outlives
    return home / "postgres"
