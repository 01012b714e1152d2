"""Backpressure: files are handed in while there is room for their chunks, so that what waits in Redis stays bounded."""

import time

from producer.patience import Patience
from settings import settings
from storage import ledger
from storage.db import Connection

POLL_SEC = 0.5
REPEAT_SEC = 60.0
"""How often somebody who waits is told so again."""


def room(connection: Connection) -> int:
    """How many more chunks are admitted; 0 or less: none. A recording that is not cut yet counts as one chunk."""
    return settings().max_unmerged_chunks - ledger.unmerged(connection) - ledger.waiting_requests(connection)


def wait_for_room(patience: Patience) -> None:
    """Returns once there is room, and says why it waits while there is none."""
    told = 0.0
    while patience(room) <= 0:
        patience.check()
        if time.monotonic() - told > REPEAT_SEC or not told:
            told = time.monotonic()
            bound = f"{settings().max_unmerged_chunks} chunks (EARSHOT_MAX_UNMERGED_CHUNKS)"
            patience.say(f"waiting: {bound} or more are still to be merged; `earshot doctor --stuck` tells why")
        time.sleep(POLL_SEC)
