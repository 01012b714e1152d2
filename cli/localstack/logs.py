"""Rotates the logs of the local stack: a long one is copied and emptied in place, since its writers
keep it open."""

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

LONGEST = 8 << 20
"""Maximum bytes of a log; the copy is about as long."""


def turn(logs: Iterable[Path], longest: int = LONGEST) -> None:
    """Rotates long logs. Every writer appends, so it continues at the new end. A line written
    between copy and cut is lost."""
    for log in logs:
        if log.exists() and log.stat().st_size > longest:
            shutil.copy2(log, log.with_name(f"{log.name}.1"))
            os.truncate(log, 0)
