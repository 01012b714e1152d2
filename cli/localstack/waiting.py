"""Bounded waits for a condition, with the reason if it fails."""

import time
from collections.abc import Callable
from pathlib import Path

from earshot.analysis.errors import Unavailable
from earshot.analysis.printable import MOST_CHARACTERS

POLL_SEC = 0.02
"""Pause between two polls; short compared with a server's start or a process's end."""


def until(
    ready: Callable[[], bool], timeout_sec: float, what: str, log: Path | None = None
) -> None:
    """Returns as soon as ``ready()`` is true; it may raise to give up early.

    Raises:
        Unavailable: ``start_timeout``, still false after ``timeout_sec``; the message ends with the
            tail of ``log``.
    """
    if not became(ready, timeout_sec):
        raise Unavailable(
            "start_timeout", f"{what} was not ready after {timeout_sec:.0f} s{tail(log)}"
        )


def became(true: Callable[[], bool], timeout_sec: float) -> bool:
    """Waits until ``true()``, at most ``timeout_sec``; returns its last value."""
    deadline = time.monotonic() + timeout_sec
    while not (now := true()) and time.monotonic() < deadline:
        time.sleep(POLL_SEC)
    return now


def tail(log: Path | None, most: int = MOST_CHARACTERS * 7 // 10) -> str:
    """The end of a log, on one line, to append to a message; empty if there is none."""
    if log is None or not log.exists():
        return ""
    lines = [
        line
        for line in log.read_text(encoding="utf-8", errors="replace").splitlines()
        if line.strip()
    ]
    last = " | ".join(lines)[-most:]
    return f"; the end of {log}: {last}" if last else f"; {log} is empty"
