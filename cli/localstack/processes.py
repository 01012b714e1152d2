"""Processes that outlive the command that started them, each in its own session with a log and a
record of who it is."""

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
    """A process of the stack, and which one it is."""

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
    """Starts ``argv`` detached from this terminal; what it writes is for this user alone.

    Args:
        env: added to the environment that is passed on.
        held: file descriptors that it keeps open, for the locks on them.
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
        child.kill()  # a process that nobody knows of would be started twice
        raise


def record(home: Path, name: str, pid: int, argv: Sequence[str] = ()) -> Process:
    """Notes that this process is the one of that name.

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
    """The recorded process, if it is that very process and alive."""
    process = _recorded(home, name)
    return process if process is not None and process.alive() else None


def is_this(home: Path, name: str) -> bool:
    """Whether the recorded process is the one that asks."""
    process = _recorded(home, name)
    return process is not None and process.identity == identity.of(os.getpid())


def check_running(home: Path, name: str) -> None:
    """Raises:
    Unavailable: ``died``, with the end of its log.
    """
    if running(home, name) is None:
        raise Unavailable(
            "died", f"{name} stopped while it was starting{waiting.tail(log_file(home, name))}"
        )


def stop(home: Path, names: Sequence[str], timeout_sec: float) -> list[str]:
    """Asks the named processes to end (SIGTERM), waits, and kills what is left; returns the names
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
    """Kills what the recorded process or its dead self left behind in its session, and forgets the
    record."""
    process = _recorded(home, name)
    if process is None:
        return
    # While one member lives the kernel gives nobody else this pid, so a stranger here means that
    # the session is empty.
    if process.identity.status() is not None or not psutil.pid_exists(process.pid):
        waiting.became(lambda: not _kill_session(process.pid), KILL_WAIT_SEC)
    record_file(home, name).unlink(missing_ok=True)


def _recorded(home: Path, name: str) -> Process | None:
    """A record that cannot be read was cut off together with the machine's power, and so was its
    process."""
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
    """The process of a record that an earlier version wrote, which knew a start in seconds since
    the epoch."""
    with suppress(psutil.NoSuchProcess):
        if abs(psutil.Process(pid).create_time() - started) < _CLOCK_SLACK_SEC:
            return identity.of(pid)
    return Identity(pid, "", 0.0)


def _kill_session(session: int) -> int:
    """Sends SIGKILL to what lives in a session; returns how many that were."""
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
