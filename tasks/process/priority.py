"""Lowers the priority of a worker's children (``EARSHOT_WORKER_NICE``), which do its work; the
worker itself starts, and sends its heartbeats, as before."""

import os
from pathlib import Path
from typing import Any

from celery.signals import worker_process_init

from earshot.settings import settings

GROUP = Path("/proc/self/autogroup")
"""Where Linux schedules sessions as groups, niceness counts within a session alone."""


@worker_process_init.connect
def _give_way(**_: Any) -> None:
    nice = settings().worker_nice
    if nice == 0:
        return
    os.nice(nice)
    if GROUP.exists() and os.access(GROUP, os.W_OK):
        GROUP.write_text(str(nice), encoding="ascii")
