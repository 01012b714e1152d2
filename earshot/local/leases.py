"""Who needs the local stack: everybody after ``earshot up``, and each ``earshot run`` until it ends."""

import os
from pathlib import Path

import psutil

KEPT = "kept"


def keep(home: Path) -> None:
    """The stack stays up until ``down``."""
    _write(home, KEPT, "")


def take(home: Path) -> None:
    """This process needs the stack until it gives its lease back, or dies."""
    _write(home, str(os.getpid()), str(psutil.Process().create_time()))


def give_back(home: Path) -> None:
    (_folder(home) / str(os.getpid())).unlink(missing_ok=True)


def needed(home: Path) -> bool:
    """True while the stack is kept or another living process holds a lease."""
    return any(_holds(lease) for lease in _folder(home).glob("*"))


def clear(home: Path) -> None:
    for lease in _folder(home).glob("*"):
        lease.unlink(missing_ok=True)


def _holds(lease: Path) -> bool:
    if lease.name == KEPT:
        return True
    try:
        return float(psutil.Process(int(lease.name)).create_time()) == float(lease.read_text(encoding="utf-8"))
    except (psutil.NoSuchProcess, FileNotFoundError):
        return False


def _write(home: Path, name: str, text: str) -> None:
    _folder(home).mkdir(parents=True, exist_ok=True)
    (_folder(home) / name).write_text(text, encoding="utf-8")


def _folder(home: Path) -> Path:
    return home / "run" / "leases"
