"""Servers that answer and refuse: a replica, full memory or disk, no free connection. No process
may exit because of it."""

import errno
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from random import Random

import psycopg

from cli.localstack import processes, redis
from tests.refusals import REFUSALS, administrator
from trials.chaos.arena import Arena
from trials.chaos.scenario import Size

DISK_BYTES = 192 << 20
"""Size of the disk that is filled: capacity for Redis, the tables and the decoded audio of a
row."""


RESUME_SEC = 60
OURS = "chaos"
"""Name of the harness's own connections to Postgres."""
_END_OTHERS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE backend_type = 'client backend' AND application_name <> %s
"""


def by_redis(kind: str) -> Callable[[Arena, Size], None]:
    """Redis refuses in this way (``tests.refusals``) when a third of the chunks is merged."""

    def act(arena: Arena, size: Size) -> None:
        _a_third(arena, size)
        with administrator(arena.redis_url) as admin, _outlived(arena), REFUSALS[kind](admin):
            time.sleep(size.seconds)

    return act


def memory_full_often(arena: Arena, size: Size) -> None:
    """Redis is at its maxmemory many times, for random times up to ``size.seconds``, so that each
    step of the event loops is interrupted in some of them. After each, work continues within
    ``RESUME_SEC``."""
    random = Random(0)
    arena.start()
    arena.hand_in()
    with administrator(arena.redis_url) as admin:
        for turn in range(size.faults):
            before = arena.merged()
            with _outlived(arena), REFUSALS["OOM"](admin):
                time.sleep(random.uniform(0, size.seconds))
            ends = min(before + 8, size.recordings * size.chunks)
            arena.until(partial(arena.has_merged, ends), RESUME_SEC, f"work after refusal {turn}")


def postgres_read_only(arena: Arena, size: Size) -> None:
    """Every transaction is read-only, as on a server that became a standby in a failover."""
    _a_third(arena, size)
    with _administrator(arena) as admin, _outlived(arena):
        admin.execute("ALTER SYSTEM SET default_transaction_read_only = on")
        admin.execute("SELECT pg_reload_conf()")
        try:
            time.sleep(size.seconds)
        finally:
            admin.execute("ALTER SYSTEM RESET default_transaction_read_only")
            admin.execute("SELECT pg_reload_conf()")


def postgres_without_connections(arena: Arena, size: Size) -> None:
    """Another client holds all connections, and those of the workers are terminated."""
    _a_third(arena, size)
    with ExitStack() as taken, _outlived(arena):
        admin = taken.enter_context(_administrator(arena))
        until = time.monotonic() + size.seconds
        while time.monotonic() < until:
            _take_all(arena, admin, taken)
            time.sleep(0.1)


def disk_full(arena: Arena, size: Size) -> None:
    """The disk of Redis, of the decoded audio and of Postgres's tables has no free byte."""
    small = arena.stack.home / "small"
    small.mkdir()
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES},mode=755", "tmpfs", str(small)],
        check=True,
    )
    arena.running.callback(subprocess.run, ["umount", "--lazy", str(small)], check=True)
    arena.stack.settings["AUDIO_STORE"] = f"file://{small}/audio"
    _move_redis(arena, small)
    _move_tables(arena, small)
    _a_third(arena, size)
    filler = small / "filler"
    with _outlived(arena):
        until = time.monotonic() + size.seconds
        with filler.open("wb", buffering=0) as file:
            while time.monotonic() < until:
                _fill(file.fileno())
                time.sleep(0.05)
        filler.unlink()


def cannot_mount() -> str | None:
    """The reason why a separate disk is impossible here; None if it is possible."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "tmpfs", folder], capture_output=True, text=True, check=False
        )
        if done.returncode:
            return f"no disk can be mounted here: {done.stderr.strip()}"
        subprocess.run(["umount", folder], check=True)
    return None


def _a_third(arena: Arena, size: Size) -> None:
    arena.start()
    arena.hand_in()
    arena.until(
        lambda: arena.merged() >= size.recordings * size.chunks // 3, 240, "a third of the chunks"
    )


@contextmanager
def _outlived(arena: Arena) -> Iterator[None]:
    """Wraps a fault that no worker, beat or submitting client may exit from, then or later."""
    arena.outlives = arena.pids()
    with arena.fault():
        yield
    arena.misses += [
        f"the client ended with {feed.returncode}" for feed in arena.feeds if feed.poll()
    ]


@contextmanager
def _administrator(arena: Arena) -> Iterator[psycopg.Connection]:
    with psycopg.connect(arena.stack.database_url, autocommit=True, application_name=OURS) as admin:
        yield admin


def _take_all(arena: Arena, admin: psycopg.Connection, taken: ExitStack) -> None:
    """Ends every connection but those held here, and takes the free ones."""
    admin.execute(_END_OTHERS, (OURS,))
    try:
        while True:
            held = psycopg.connect(arena.stack.database_url, autocommit=True, application_name=OURS)
            taken.callback(held.close)
    except psycopg.OperationalError:
        pass  # too many clients already


def _move_redis(arena: Arena, small: Path) -> None:
    home = arena.stack.home
    processes.stop(home, [redis.NAME], 10)
    shutil.move(home / "redis", small / "redis")
    (home / "redis").symlink_to(small / "redis")
    redis.start(home)
    redis.wait(home)


def _move_tables(arena: Arena, small: Path) -> None:
    """The log stays in place: a server that cannot write its log exits, which is another row."""
    owner = (arena.stack.home / "postgres").stat()
    tables = small / "tables"
    tables.mkdir(mode=0o700)
    os.chown(tables, owner.st_uid, owner.st_gid)
    with psycopg.connect(arena.stack.database_url, dbname="template1", autocommit=True) as admin:
        admin.execute(f"CREATE TABLESPACE small LOCATION '{tables}'".encode())
        admin.execute("ALTER DATABASE postgres SET TABLESPACE small")


def _fill(descriptor: int) -> None:
    """Fills every free byte, and those freed by others since."""
    for block in (1 << 20, 1 << 12, 1):
        try:
            while True:
                os.write(descriptor, bytes(block))
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
