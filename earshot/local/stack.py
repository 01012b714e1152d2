"""The whole local stack, up and down, in order: Redis and Postgres, migrations, workers, beat."""

import fcntl
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from analysis.errors import Unavailable
from earshot.local import leases, plan, postgres, processes, redis, urls, worker_processes
from settings import settings
from storage.migrate import migrate

Say = Callable[[str], None]

STOP_TIMEOUT_SEC = 30.0
"""After which a process that does not end is killed."""


def up(say: Say, *, keep: bool) -> list[str]:
    """Starts what does not run yet and returns its names; everything this call started is stopped again if a part fails.

    ``keep``: stay up until ``down``. Otherwise until ``release`` is called by the last process that called ``up``.

    Raises:
        Misconfigured: the local packages are not installed, or the settings name other servers.
        Unavailable: a part did not start; the message carries the end of its log.
    """
    home = settings().home.resolve()
    urls.refuse_others(home)
    with _locked(home, say):
        missing = [name for name, runs in status(home).items() if not runs]
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
    """Gives up this process's claim; stops the stack, and returns True, when nobody else has one."""
    home = settings().home.resolve()
    with _locked(home, say):
        leases.give_back(home)
        if leases.needed(home):
            return False
        _stop(home, list(status(home)), say)
    return True


def down(say: Say) -> list[str]:
    """Stops everything that runs and returns its names. The data stays."""
    home = settings().home.resolve()
    with _locked(home, say):
        running = [name for name, runs in status(home).items() if runs]
        _stop(home, list(status(home)), say)
        leases.clear(home)
    return running


def status(home: Path) -> dict[str, bool]:
    """Part to whether it runs, in the order in which they start."""
    parts = {"redis": processes.running(home, redis.NAME) is not None, "postgres": postgres.pid(home) is not None}
    return parts | {name: processes.running(home, name) is not None for name in (*plan.NAMES, plan.BEAT)}


def check() -> None:
    """Raises:
    Unavailable: ``stack_down``, a part of the local stack is not running.
    """
    home = settings().home.resolve()
    away = [name for name, runs in status(home).items() if not runs]
    if away:
        logs = ", ".join(str(processes.log_file(home, name)) for name in away)
        raise Unavailable(
            "stack_down", f"{', '.join(away)} stopped (see {logs}); `earshot up` starts it again, and the work goes on"
        )


def _start(home: Path, names: Collection[str], say: Say) -> None:
    if not names:
        return
    with ThreadPoolExecutor(1) as beside:
        database = beside.submit(_database, home, say)
        redis_url = redis.start(home)
        redis.wait(home, redis_url)
        database_url = database.result()
    if redis_url != urls.recorded(home).get("redis_url", redis_url):
        # Another program has taken Redis's old port: workers that still look for it there begin anew.
        processes.stop(home, (*plan.NAMES, plan.BEAT), STOP_TIMEOUT_SEC)
        names = {*names, *plan.NAMES, plan.BEAT}
    urls.record(home, redis_url, database_url)
    env = {
        "EARSHOT_HOME": str(home),
        "EARSHOT_REDIS_URL": redis_url,
        "EARSHOT_DATABASE_URL": database_url,
        **plan.SETTINGS,
    }
    worker_processes.start(home, names, env)


def _database(home: Path, say: Say) -> str:
    url = postgres.start(home)
    applied = migrate(url)
    if applied:
        say(f"database: applied {', '.join(applied)}")
    return url


def _stop(home: Path, names: list[str], say: Say) -> None:
    """Workers first, so that they can still hand their work back to Redis; the servers last."""
    killed = processes.stop(home, [name for name in (plan.BEAT, *plan.NAMES) if name in names], STOP_TIMEOUT_SEC)
    for name in killed:
        say(f"{name} did not end and was killed; its work is done again after the next start")
    if redis.NAME in names:
        killed = processes.stop(home, [redis.NAME], STOP_TIMEOUT_SEC)
        urls.forget(home)
    if "postgres" in names and postgres.stop(home):
        say("Postgres did not stop in time and was hurried; it recovers at the next start")


@contextmanager
def _locked(home: Path, say: Say) -> Iterator[None]:
    """One ``up`` or ``down`` at a time on this data."""
    (home / "run").mkdir(parents=True, exist_ok=True)
    with (home / "run" / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another earshot command is starting or stopping the stack; waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
