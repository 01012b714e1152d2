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
        return _same(self) is not None


def record_file(home: Path, name: str) -> Path:
    return home / "run" / f"{name}.json"


def log_file(home: Path, name: str) -> Path:
    return home / "logs" / f"{name}.log"


def start(home: Path, name: str, argv: Sequence[str], env: Mapping[str, str]) -> Process:
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
            cwd=PROJECT,
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


def check_alive(process: Process) -> None:
    """Raises:
    Unavailable: ``died``, with the end of its log.
    """
    if not process.alive():
        raise Unavailable("died", f"{process.name} stopped while it was starting{waiting.tail(process.log)}")


def stop(home: Path, names: Sequence[str], timeout_sec: float) -> list[str]:
    """Asks the named processes to end (SIGTERM), waits, and kills what is left; returns the names that had to be killed."""
    asked = [process for name in names if (process := running(home, name)) is not None]
    for process in asked:
        _signal(process.pid, signal.SIGTERM)
    deaf = _wait(asked, timeout_sec)
    for name in names:
        sweep(home, name)
    return [process.name for process in deaf]


def sweep(home: Path, name: str) -> None:
    """Kills what the recorded process or its dead self left behind in its session, and forgets the record."""
    process = _recorded(home, name)
    if process is None:
        return
    # While one member lives the kernel gives nobody else this pid, so a stranger here means that the session is empty.
    if process.alive() or not psutil.pid_exists(process.pid):
        members = [member for member in psutil.process_iter() if _session(member.pid) == process.pid]
        for member in members:
            _signal(member.pid, signal.SIGKILL)
        psutil.wait_procs(members, timeout=KILL_WAIT_SEC)
    record_file(home, name).unlink(missing_ok=True)


def _recorded(home: Path, name: str) -> Process | None:
    try:
        found = json.loads(record_file(home, name).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return Process(name, found["pid"], found["started"], log_file(home, name))


def _same(process: Process) -> psutil.Process | None:
    try:
        found = psutil.Process(process.pid)
        same = abs(found.create_time() - process.started) < _CLOCK_SLACK_SEC and found.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return None
    return found if same else None


def _wait(asked: Sequence[Process], timeout_sec: float) -> list[Process]:
    psutil.wait_procs([found for process in asked if (found := _same(process))], timeout=timeout_sec)
    return [process for process in asked if process.alive()]


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
