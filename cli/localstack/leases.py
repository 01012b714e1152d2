"""Who needs the local stack: everybody after ``earshot up``, and each ``earshot run`` until it
ends."""

import json
import os
from pathlib import Path

from cli.localstack import identity, private
from cli.localstack.identity import Identity

KEPT = "kept"


def keep(home: Path) -> None:
    """The stack stays up until ``down``."""
    _write(home, KEPT, "")


def take(home: Path) -> None:
    """This process needs the stack until it gives its lease back, or dies."""
    _write(home, str(os.getpid()), json.dumps(identity.of(os.getpid())))


def give_back(home: Path) -> None:
    (_folder(home) / str(os.getpid())).unlink(missing_ok=True)


def needed(home: Path) -> bool:
    """True while the stack is kept or another living process holds a lease."""
    return any(_holds(lease) for lease in _folder(home).glob("*"))


def clear(home: Path) -> None:
    for lease in _folder(home).glob("*"):
        lease.unlink(missing_ok=True)


def _holds(lease: Path) -> bool:
    """A lease that cannot be read was left by a power cut, or by a version that wrote times: nobody
    holds it."""
    if lease.name == KEPT:
        return True
    try:
        return Identity(*json.loads(lease.read_text(encoding="utf-8"))).alive()
    except (FileNotFoundError, ValueError, TypeError):
        return False


def _write(home: Path, name: str, text: str) -> None:
    (private.folder(_folder(home)) / name).write_text(text, encoding="utf-8")


def _folder(home: Path) -> Path:
    return home / "run" / "leases"
