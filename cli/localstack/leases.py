"""Leases of the local stack: held by ``earshot up``, and by each ``earshot run`` until it ends."""

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
    """Takes a lease for this process, until it returns it or dies."""
    _write(home, str(os.getpid()), json.dumps(identity.of(os.getpid())))


def give_back(home: Path) -> None:
    (_folder(home) / str(os.getpid())).unlink(missing_ok=True)


def needed(home: Path) -> bool:
    """True while the stack is kept or another living process holds a lease."""
    return any(_holds(lease) for lease in _folder(home).glob("*"))


def kept(home: Path) -> bool:
    """True between ``up`` and ``down``."""
    return (_folder(home) / KEPT).exists()


def clear(home: Path) -> None:
    for lease in _folder(home).glob("*"):
        lease.unlink(missing_ok=True)


def _holds(lease: Path) -> bool:
    """True if the lease's process is alive. An unreadable lease, left by a power cut or an earlier
    version, has no holder."""
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
