"""Backpressure: files are submitted while there is capacity for their chunks, so that the work
waiting in Redis is bounded."""

import time
from pathlib import Path

from earshot.analysis.errors import EarshotError
from earshot.audio.decoding.probe import probe
from earshot.audio.plan import PlanLimits
from earshot.settings import settings
from earshot.storage.postgres import ledger
from earshot.storage.postgres.db import Connection
from producer.patience import Patience

POLL_SEC = 0.5
REPEAT_SEC = 60.0
"""Interval of repeated messages while waiting."""


def room(connection: Connection, most: int | None = None) -> int:
    """Number of chunks that can be admitted; 0 or less: none. A recording that is not cut yet
    counts with its expected chunks.

    Args:
        most: chunks that may be unmerged. Default: ``max_unmerged_chunks``.
    """
    return (
        (settings().max_unmerged_chunks if most is None else most)
        - ledger.unmerged(connection)
        - ledger.waiting_requests(connection)
    )


def expected_chunks(path: Path) -> int:
    """Expected number of chunks of a file, by its header and its size; 1 if it cannot be read,
    which ingest then reports."""
    config = settings()
    limits = PlanLimits.of_seconds(
        config.chunk_duration_sec, config.chunk_max_sec, config.overlap_sec
    )
    try:
        return limits.expected_chunks(probe(path).expected_ms)
    except (EarshotError, OSError):
        return 1


def wait_for_room(patience: Patience) -> None:
    """Returns once there is capacity, and prints the reason while there is none."""
    shown = 0.0
    while patience(room) <= 0:
        patience.check()
        if time.monotonic() - shown > REPEAT_SEC or not shown:
            shown = time.monotonic()
            bound = f"{settings().max_unmerged_chunks} chunks (EARSHOT_MAX_UNMERGED_CHUNKS)"
            patience.say(
                f"waiting: {bound} or more are still to be merged; `earshot doctor --stuck`"
                " shows why"
            )
        time.sleep(POLL_SEC)
