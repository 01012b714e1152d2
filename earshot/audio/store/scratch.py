"""Temporary files for work on one recording; a later process removes those of dead processes.

A living process holds a lock on each of its files, so the check relies on no process id, host or
clock.
"""

import contextlib
import fcntl
import os
import stat
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

PREFIX = "earshot-copy-"
YOUNG_SEC = 60.0
"""A file is locked shortly after its creation, at most this much later."""


def scratch(suffix: str = "") -> IO[bytes]:
    """A new file that only this user can read, in the system's temporary folder; the caller closes
    and removes it."""
    sweep()
    return _held(tempfile.NamedTemporaryFile(prefix=PREFIX, suffix=suffix, delete=False))


def _held(file: IO[bytes]) -> IO[bytes]:
    fcntl.flock(file, fcntl.LOCK_EX)
    return file


@contextlib.contextmanager
def temporary(suffix: str = "") -> Iterator[IO[bytes]]:
    """The same, removed at the end."""
    with scratch(suffix) as file:
        try:
            yield file
        finally:
            Path(file.name).unlink(missing_ok=True)


def sweep() -> int:
    """Removes this user's files whose process is gone; returns their number."""
    removed = 0
    for path in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):  # gone meanwhile, another user's, or held
            removed += _removed(path)
    return removed


def _removed(path: Path) -> bool:
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        facts = os.fstat(handle)
        if (
            facts.st_uid != os.geteuid()
            or not stat.S_ISREG(facts.st_mode)
            or time.time() - facts.st_mtime < YOUNG_SEC
        ):
            return False
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.unlink()
    finally:
        os.close(handle)
    return True
