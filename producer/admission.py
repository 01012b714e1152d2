"""Backpressure: files are handed in while there is room for their chunks, so that what waits in
Redis stays bounded."""

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
"""How often somebody who waits is told so again."""


def room(connection: Connection) -> int:
    """How many more chunks are admitted; 0 or less: none. A recording that is not cut yet counts as
    what it will become."""
    return (
        settings().max_unmerged_chunks
        - ledger.unmerged(connection)
        - ledger.waiting_requests(connection)
    )


def expected_chunks(path: Path) -> int:
    """How many chunks a file will become, by what it says of itself and by its size; 1 where it
    cannot be read, as will be said by whoever takes it in."""
    config = settings()
    limits = PlanLimits.of_seconds(
        config.chunk_duration_sec, config.chunk_max_sec, config.overlap_sec
    )
    try:
        return limits.expected_chunks(probe(path).expected_ms)
    except (EarshotError, OSError):
        return 1


def wait_for_room(patience: Patience) -> None:
    """Returns once there is room, and says why it waits while there is none."""
    told = 0.0
    while patience(room) <= 0:
        patience.check()
        if time.monotonic() - told > REPEAT_SEC or not told:
            told = time.monotonic()
            bound = f"{settings().max_unmerged_chunks} chunks (EARSHOT_MAX_UNMERGED_CHUNKS)"
            patience.say(
                f"waiting: {bound} or more are still to be merged; `earshot doctor --stuck`"
                " tells why"
            )
        time.sleep(POLL_SEC)
