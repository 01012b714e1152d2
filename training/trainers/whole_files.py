"""Files that are there as a whole or not at all, also after a crash, and disks that are full."""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from earshot.analysis.errors import Unavailable

PART = ".part"
"""Ending of a file that is being written."""
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def replace(path: Path, data: bytes) -> None:
    """Writes beside ``path``, waits until the disk has it, and renames: a reader, and the next
    process after a crash, finds the former content or this.

    Raises:
        Unavailable: ``disk_full``; the former content stays.
    """
    part = path.with_name(path.name + PART)
    with disk_full(path):
        try:
            with part.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        except OSError:
            part.unlink(missing_ok=True)
            raise
        part.replace(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def replace_text(path: Path, text: str) -> None:
    """As ``replace``."""
    replace(path, text.encode())


@contextmanager
def disk_full(path: Path) -> Iterator[None]:
    """Names the disk that is full.

    Raises:
        Unavailable: ``disk_full``.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in FULL:
            raise
        raise Unavailable(
            "disk_full",
            f"the disk of {path.parent} is full while {path.name} is written; what was saved before"
            " stays: free some space and type the same command again",
        ) from error


def check_space(folder: Path, wanted: int) -> None:
    """Checks the free space of a folder's disk.

    Args:
        wanted: bytes.

    Raises:
        Unavailable: ``disk_full``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(folder).free
    if free < wanted:
        raise Unavailable(
            "disk_full",
            f"{folder} has {free / 1e6:.0f} MB of free space, this training needs about"
            f" {wanted / 1e6:.0f} MB",
        )
