"""Processes that outlive the command that started them, each in its own session with a log and a record of who it is."""

import json
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import psutil

from analysis.errors import Unavailable
from earshot.local import waiting
from settings import PROJECT

KILL_WAIT_SEC = 5.0
_CLOCK_SLACK_SEC = 2.0


class Process(NamedTuple):
    """A process by pid and start time, so that a later stranger with the same pid is never taken for it."""

    name: str
    pid: int
    started: float  # seconds since the epoch, as the kernel gives it
    log: Path

    def alive(self) -> bool:
        """False also for a dead process that its parent has not collected, as happens below a container's first process."""
        return _status(self) not in (None, psutil.STATUS_ZOMBIE)


def record_file(home: Path, name: str) -> Path:
    return home / "run" / f"{name}.json"


def log_file(home: Path, name: str) -> Path:
    return home / "logs" / f"{name}.log"


def start(home: Path, name: str, argv: Sequence[str], env: Mapping[str, str], cwd: Path = PROJECT) -> Process:
    """Starts ``argv`` detached from this terminal. ``env`` is added to the environment that is passed on."""
    log = log_file(home, name)
    record = record_file(home, name)
    for folder in (log.parent, record.parent):
        folder.mkdir(parents=True, exist_ok=True)
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
        )
    process = Process(name, child.pid, psutil.Process(child.pid).create_time(), log)
    part = record.with_suffix(".part")
    part.write_text(json.dumps({"pid": process.pid, "started": process.started, "argv": list(argv)}), encoding="utf-8")
    part.replace(record)
    return process


def running(home: Path, name: str) -> Process | None:
    """The recorded process, if it is that very process and alive."""
    process = _recorded(home, name)
    return process if process is not None and process.alive() else None


def check_running(home: Path, name: str) -> None:
    """Raises:
    Unavailable: ``died``, with the end of its log.
    """
    if running(home, name) is None:
        raise Unavailable("died", f"{name} stopped while it was starting{waiting.tail(log_file(home, name))}")


def stop(home: Path, names: Sequence[str], timeout_sec: float) -> list[str]:
    """Asks the named processes to end (SIGTERM), waits, and kills what is left; returns the names of those."""
    asked = [process for name in names if (process := running(home, name)) is not None]
    for process in asked:
        _signal(process.pid, signal.SIGTERM)
    waiting.became(lambda: not any(process.alive() for process in asked), timeout_sec)
    deaf = [process.name for process in asked if process.alive()]
    for name in names:
        sweep(home, name)
    return deaf


def sweep(home: Path, name: str) -> None:
    """Kills what the recorded process or its dead self left behind in its session, and forgets the record."""
    process = _recorded(home, name)
    if process is None:
        return
    # While one member lives the kernel gives nobody else this pid, so a stranger here means that the session is empty.
    if _status(process) is not None or not psutil.pid_exists(process.pid):
        waiting.became(lambda: not _kill_session(process.pid), KILL_WAIT_SEC)
    record_file(home, name).unlink(missing_ok=True)


def _recorded(home: Path, name: str) -> Process | None:
    try:
        found = json.loads(record_file(home, name).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return Process(name, found["pid"], found["started"], log_file(home, name))


def _status(process: Process) -> str | None:
    """The kernel's word for what it does, or None when it is gone or its pid belongs to another."""
    try:
        found = psutil.Process(process.pid)
        return str(found.status()) if abs(found.create_time() - process.started) < _CLOCK_SLACK_SEC else None
    except psutil.NoSuchProcess:
        return None


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
