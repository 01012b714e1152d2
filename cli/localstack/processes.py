"""Processes that outlive the command that started them, each in its own session with a log and an
identity record."""

import json
import os
import signal
import subprocess
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import psutil

from cli.localstack import identity, private, waiting
from cli.localstack.identity import Identity
from earshot.analysis.errors import Unavailable
from earshot.settings import PROJECT

KILL_WAIT_SEC = 5.0
_CLOCK_SLACK_SEC = 2.0


class Process(NamedTuple):
    """A process of the stack with its identity."""

    name: str
    identity: Identity
    log: Path

    @property
    def pid(self) -> int:
        return self.identity.pid

    def alive(self) -> bool:
        return self.identity.alive()


def record_file(home: Path, name: str) -> Path:
    return home / "run" / f"{name}.json"


def log_file(home: Path, name: str) -> Path:
    return home / "logs" / f"{name}.log"


def start(
    home: Path,
    name: str,
    argv: Sequence[str],
    env: Mapping[str, str],
    cwd: Path = PROJECT,
    held: Collection[int] = (),
) -> Process:
    """Starts ``argv`` detached from this terminal; its files are readable by this user alone.

    Args:
        env: added to the inherited environment.
        held: file descriptors that it keeps open, for their locks.
    """
    log = log_file(home, name)
    private.folder(log.parent)
    sweep(home, name)
    with log.open("ab") as out:
        child = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            cwd=cwd,
            env={**os.environ, **env},
            start_new_session=True,
            umask=private.UMASK,
            pass_fds=held,
        )
    try:
        return record(home, name, child.pid, argv)
    except BaseException:
        child.kill()  # an unrecorded process would be started twice
        raise


def record(home: Path, name: str, pid: int, argv: Sequence[str] = ()) -> Process:
    """Records this process under that name.

    Raises:
        psutil.NoSuchProcess: it is gone.
    """
    process = Process(name, identity.of(pid), log_file(home, name))
    file = record_file(home, name)
    private.folder(file.parent)
    part = file.with_suffix(".part")
    part.write_text(
        json.dumps({**process.identity._asdict(), "argv": list(argv)}), encoding="utf-8"
    )
    part.replace(file)
    return process


def running(home: Path, name: str) -> Process | None:
    """The recorded process, if it has the same identity and is alive."""
    process = _recorded(home, name)
    return process if process is not None and process.alive() else None


def is_this(home: Path, name: str) -> bool:
    """True if the recorded process is the current one."""
    process = _recorded(home, name)
    return process is not None and process.identity == identity.of(os.getpid())


def check_running(home: Path, name: str) -> None:
    """Checks that the process runs.

    Raises:
        Unavailable: ``died``, with the end of its log.
    """
    if running(home, name) is None:
        raise Unavailable(
            "died", f"{name} stopped while it was starting{waiting.tail(log_file(home, name))}"
        )


def stop(home: Path, names: Sequence[str], timeout_sec: float) -> list[str]:
    """Sends SIGTERM to the named processes, waits, and kills the remaining ones; returns the names
    of those."""
    asked = [process for name in names if (process := running(home, name)) is not None]
    for process in asked:
        _signal(process.pid, signal.SIGTERM)
    waiting.became(lambda: not any(process.alive() for process in asked), timeout_sec)
    deaf = [process.name for process in asked if process.alive()]
    for name in names:
        sweep(home, name)
    return deaf


def sweep(home: Path, name: str) -> None:
    """Kills the remaining processes of the recorded session, and deletes the record."""
    process = _recorded(home, name)
    if process is None:
        return
    # While a member lives the kernel does not reuse this pid, so another process here means that
    # the session is empty.
    if process.identity.status() is not None or not psutil.pid_exists(process.pid):
        waiting.became(lambda: not _kill_session(process.pid), KILL_WAIT_SEC)
    record_file(home, name).unlink(missing_ok=True)


def _recorded(home: Path, name: str) -> Process | None:
    """Reads a record; an unreadable one was cut off by a power cut, which ended its process too."""
    try:
        found = json.loads(record_file(home, name).read_text(encoding="utf-8"))
        which = (
            Identity(found["pid"], found["boot"], found["start"])
            if "boot" in found
            else _by_the_clock(**found)
        )
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None
    return Process(name, which, log_file(home, name))


def _by_the_clock(pid: int, started: float, **_: object) -> Identity:
    """The process of an earlier version's record, with its start in seconds since the epoch."""
    with suppress(psutil.NoSuchProcess):
        if abs(psutil.Process(pid).create_time() - started) < _CLOCK_SLACK_SEC:
            return identity.of(pid)
    return Identity(pid, "", 0.0)


def _kill_session(session: int) -> int:
    """Sends SIGKILL to the processes of a session; returns their number."""
    living = [
        each.pid
        for each in psutil.process_iter(["status"])
        if each.info["status"] != psutil.STATUS_ZOMBIE and _session(each.pid) == session
    ]
    for pid in living:
        _signal(pid, signal.SIGKILL)
    return len(living)


def _session(pid: int) -> int:
    try:
        return os.getsid(pid)
    except ProcessLookupError:
        return 0


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
