"""The file that marks a worker as ready for its supervisor (``EARSHOT_READY_FILE``), touched at
every heartbeat."""

import os
from typing import Any

from celery.signals import heartbeat_sent, worker_init, worker_ready

from earshot.settings import settings


@worker_init.connect
def _not_yet(**_: Any) -> None:
    ready = settings().ready_file
    if ready is not None:
        ready.unlink(missing_ok=True)  # a restarted container finds the file of its predecessor


@worker_ready.connect
def _announce(**_: Any) -> None:
    ready = settings().ready_file
    if ready is not None:
        written = ready.with_name(f".{ready.name}.{os.getpid()}")
        written.write_text(str(os.getpid()))
        written.replace(ready)  # a reader of the file finds a complete number in it


@heartbeat_sent.connect
def _still_there(**_: Any) -> None:
    ready = settings().ready_file
    if ready is not None and ready.exists():
        ready.touch()
