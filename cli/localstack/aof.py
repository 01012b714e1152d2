"""Repairs the append-only file of the local Redis: an incomplete last command, left by a power cut,
keeps Redis from starting.

Redis's data can be rebuilt (Postgres is the truth), so a file that Redis itself cannot read is set
aside. The removed parts contain requests and events, and are deleted after ``KEPT_DAYS``.
"""

import os
import re
import shutil
import subprocess
import time
from pathlib import Path

NAME = "appendonly.aof"
_CHECKED = re.compile(rb"AOF analyzed: size=(\d+), ok_up_to=(\d+)")
_BLAMED = re.compile(
    rb"(?<!Unrecoverable error )reading the append only file"
    rb"|Error reading the RDB preamble|RDB reading offset|rdb file reading failure|Wrong signature"
)
"""Redis's message when it exits because of its file, and not because it was killed or had no memory
or disk."""
KEPT_DAYS = 30


def sweep(folder: Path) -> None:
    """Removes old files that were set aside."""
    for file in folder.glob(f"{NAME}.*"):
        if time.time() - file.lstat().st_mtime > KEPT_DAYS * 86_400:
            file.unlink()


def is_blamed(log: Path, start: int) -> bool:
    """True if Redis's log, after the first ``start`` bytes, blames the file for its exit."""
    with log.open("rb") as file:
        file.seek(start)
        return _BLAMED.search(file.read()) is not None


def cut(folder: Path, server: Path) -> str | None:
    """Cuts the file after its last whole command, and returns a message; None if it is intact, or
    cannot be repaired this way."""
    file, tail = folder / NAME, _aside(folder, "tail")
    # redis-server is redis-check-aof as well; the name it is called by decides.
    checked = subprocess.run(
        ["redis-check-aof", str(file)], executable=server, capture_output=True, check=False
    )
    found = _CHECKED.search(checked.stdout)
    size, whole = (int(number) for number in found.groups()) if found else (0, 0)
    if size == whole:
        return None
    with file.open("rb") as source, tail.open("wb") as kept:
        source.seek(whole)
        shutil.copyfileobj(source, kept)
    os.truncate(file, whole)
    return (
        f"Redis: the last {size - whole} bytes of its append-only file are not a command;"
        f" cut off and kept in {tail}"
    )


def set_aside(folder: Path) -> Path:
    """Renames the file, so that Redis starts empty, and returns its new name."""
    aside = _aside(folder, "broken")
    os.utime(folder / NAME)  # kept from now on for a while
    return (folder / NAME).replace(aside)


def put_back(folder: Path, aside: Path) -> None:
    """Undoes ``set_aside``: the file was not the reason why Redis did not start."""
    aside.replace(folder / NAME)


def _aside(folder: Path, what: str) -> Path:
    """A name that no earlier file has."""
    return folder / f"{NAME}.{what}.{time.time_ns()}"
