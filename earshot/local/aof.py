"""Mends the append-only file of the local Redis: what a power cut left behind its last whole command keeps Redis from starting.

Everything in Redis may go (Postgres is the truth), so a file that cannot be mended is set aside.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path

NAME = "appendonly.aof"
_CHECKED = re.compile(rb"AOF analyzed: size=(\d+), ok_up_to=(\d+)")


def cut(folder: Path, server: Path) -> str | None:
    """Cuts the file behind its last whole command, and says so; None when it is whole, or not to be mended this way."""
    file, tail = folder / NAME, folder / f"{NAME}.tail"
    # redis-server is redis-check-aof as well: which of the two, it learns from the name that it is called by.
    checked = subprocess.run(["redis-check-aof", str(file)], executable=server, capture_output=True, check=False)
    found = _CHECKED.search(checked.stdout)
    size, whole = (int(number) for number in found.groups()) if found else (0, 0)
    if size == whole:
        return None
    with file.open("rb") as source, tail.open("wb") as kept:
        source.seek(whole)
        shutil.copyfileobj(source, kept)
    os.truncate(file, whole)
    return f"Redis: the last {size - whole} bytes of its append-only file are not a command; cut off and kept in {tail}"


def set_aside(folder: Path) -> str:
    """Renames the file, so that Redis starts empty, and says so."""
    aside = _aside(folder)
    (folder / NAME).replace(aside)
    return f"Redis: its append-only file cannot be read; kept as {aside}, and what it held is made again from Postgres"


def put_back(folder: Path) -> None:
    """Undoes ``set_aside``: the file was not what kept Redis from starting."""
    _aside(folder).replace(folder / NAME)


def _aside(folder: Path) -> Path:
    return folder / f"{NAME}.broken"
