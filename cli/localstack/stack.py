"""Starts and stops the whole local stack in order: Redis and Postgres, migrations, workers, beat,
and the supervisor."""

import fcntl
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from cli.localstack import (
    gateway_process,
    leases,
    plan,
    postgres,
    private,
    processes,
    redis,
    troubles,
    urls,
    worker_processes,
)
from earshot.analysis.errors import Unavailable
from earshot.settings import settings
from earshot.storage.postgres.migrate import migrate

Say = Callable[[str], None]

POSTGRES = "postgres"
CLIENTS = (gateway_process.NAME, worker_processes.LIVE, plan.BEAT, *plan.NAMES)
"""The parts that are clients of the servers, in stopping order."""
STOP_TIMEOUT_SEC = 30.0
"""A process that does not end within this time is killed."""
HOPELESS = 3
"""Failures in a row after which waiting for a restarted part is useless."""


def up(say: Say, *, keep: bool) -> list[str]:
    """Starts the parts that do not run and returns their names; if a part fails, everything this
    call started is stopped again.

    ``keep``: stay up until ``down``, with the HTTP gateway. Otherwise until ``release`` is called
    by the last process that called ``up``.

    Raises:
        Misconfigured: the local packages are not installed, or the settings name other servers.
        Unavailable: a part did not start; the message contains the end of its log.
    """
    home = settings().home.resolve()
    urls.refuse_others(home)
    with locked(home, say):
        missing = [name for name, runs in status(home, keep).items() if not runs]
        try:
            _start(home, missing, say)
        except BaseException:
            _stop(home, missing, say)
            raise
        if keep:
            leases.keep(home)
        else:
            leases.take(home)
    return missing


def release(say: Say) -> bool:
    """Returns this process's lease; stops the stack, and returns True, if there is no other."""
    home = settings().home.resolve()
    with locked(home, say):
        leases.give_back(home)
        if leases.needed(home):
            return False
        _stop(home, list(status(home)), say)
    return True


def down(say: Say) -> list[str]:
    """Stops all running parts and returns their names. The data stays."""
    home = settings().home.resolve()
    with locked(home, say):
        running = [name for name, runs in status(home).items() if runs]
        _stop(home, list(status(home)), say)
        leases.clear(home)
    return running


def status(home: Path, with_gateway: bool = False) -> dict[str, bool]:
    """For each part, true if it runs, in starting order. The gateway and the live process are among
    them while the stack is kept up."""
    parts = {
        redis.NAME: processes.running(home, redis.NAME) is not None,
        POSTGRES: postgres.pid(home) is not None,
    }
    named = [*plan.NAMES, plan.BEAT]
    if with_gateway or leases.kept(home) or processes.running(home, gateway_process.NAME):
        named.append(gateway_process.NAME)
        if worker_processes.live_planned():
            named.append(worker_processes.LIVE)
    return parts | {
        name: processes.running(home, name) is not None for name in (*named, plan.SUPERVISOR)
    }


def check() -> None:
    """Checks the local stack.

    Raises:
        Unavailable: ``stack_down``, a part is not running, and not about to be restarted.
    """
    home = settings().home.resolve()
    running = status(home)
    if running[plan.SUPERVISOR]:
        lost = [
            name for name, trouble in troubles.read(home).items() if trouble.failures >= HOPELESS
        ]
    else:
        lost = [name for name, runs in running.items() if not runs]
    if lost:
        logs = ", ".join(str(processes.log_file(home, name)) for name in lost)
        raise Unavailable(
            "stack_down",
            f"{', '.join(lost)} stopped (see {logs});"
            " `earshot up` starts it again, and the work goes on",
        )


def worker_env(home: Path, redis_url: str, database_url: str) -> dict[str, str]:
    """Environment of workers and beat, added to that of this process."""
    urls = {
        "EARSHOT_HOME": str(home),
        "EARSHOT_REDIS_URL": redis_url,
        "EARSHOT_DATABASE_URL": database_url,
    }
    return {**urls, **plan.environment()}


def _start(home: Path, names: Collection[str], say: Say) -> None:
    if not settings().audio_store:
        private.folder(home / "audio")  # uploading users may have another umask than the workers
    if not names:
        return
    with ThreadPoolExecutor(1) as beside:
        database = beside.submit(_database, home, say)
        redis_url = redis.start(home)
        redis.wait(home, say)
        database_url = database.result()
    if redis_url != urls.recorded(home).get("redis_url", redis_url):
        # The address of Redis has changed: workers with the old one are restarted.
        again = [name for name in status(home) if name in CLIENTS]
        processes.stop(home, again, STOP_TIMEOUT_SEC)
        names = {*names, *again}
    urls.record(home, redis_url, database_url)
    env = worker_env(home, redis_url, database_url)
    if gateway_process.NAME in names:  # beside the workers, which take as long
        gateway_process.start(home, env)
    worker_processes.start(home, names, env)
    if worker_processes.LIVE in names:  # behind the workers: it measures what the cores can do
        worker_processes.start_live(home, env)
    if gateway_process.NAME in names:
        gateway_process.wait(home)
        gateway_process.make_token(home, database_url)
    if plan.SUPERVISOR in names:
        troubles.clear(home)
        processes.start(home, plan.SUPERVISOR, plan.SUPERVISOR_ARGV, {"EARSHOT_HOME": str(home)})


def _database(home: Path, say: Say) -> str:
    url = postgres.start(home)
    applied = migrate(url)
    if applied:
        say(f"database: applied {', '.join(applied)}")
    return url


def _stop(home: Path, names: list[str], say: Say) -> None:
    """Stops workers first, so that they can return their work to Redis; the servers last."""
    if plan.SUPERVISOR in names:
        processes.stop(home, [plan.SUPERVISOR], STOP_TIMEOUT_SEC)
    killed = processes.stop(home, [name for name in CLIENTS if name in names], STOP_TIMEOUT_SEC)
    for name in killed:
        say(f"{name} did not end and was killed; its work is done again after the next start")
    if redis.NAME in names:
        killed = processes.stop(home, [redis.NAME], STOP_TIMEOUT_SEC)
        urls.forget(home)
    if POSTGRES in names and postgres.stop(home):
        say("Postgres did not stop in time and was hurried; it recovers at the next start")


@contextmanager
def locked(home: Path, say: Say) -> Iterator[None]:
    """A lock for one ``up`` or ``down`` at a time on this data."""
    with _lock_file(home) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another earshot command is starting or stopping the stack; waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def locked_if_free(home: Path) -> Iterator[bool]:
    """The same for callers that retry later: False if the lock is taken."""
    with _lock_file(home) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def _lock_file(home: Path) -> IO[str]:
    private.home(home)
    return (private.folder(home / "run") / "lock").open("w")
