"""Keeps the logs of the local stack bounded: a long one is copied beside itself and emptied, for
its writers keep it open."""

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

LONGEST = 8 << 20
"""Bytes of a log; the copy holds about as many, of before."""


def turn(logs: Iterable[Path], longest: int = LONGEST) -> None:
    """Every writer appends, so it goes on at the new end. A line that is written between copy and
    cut is lost."""
    for log in logs:
        if log.exists() and log.stat().st_size > longest:
            shutil.copy2(log, log.with_name(f"{log.name}.1"))
            os.truncate(log, 0)
