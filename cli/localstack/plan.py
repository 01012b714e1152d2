"""Which worker processes the local stack runs on a small machine, as data."""

import os
import sys
from typing import NamedTuple

from earshot.pools import STAGES
from earshot.registry import cards

CORES = os.cpu_count() or 1

NAMES = ("core", "cpu", "gpu")
BEAT = "beat"
SUPERVISOR = "supervisor"
SUPERVISOR_ARGV = (sys.executable, "-m", "cli.localstack.supervisor")

SETTINGS = {
    # On CPU pools a batch only delays the first event and unbalances the cores.
    "EARSHOT_CHUNK_BATCH_SIZE": "1",
    # How long workers go on with what they hold when the stack stops; then they hand it back, for
    # after the next start.
    "EARSHOT_SOFT_SHUTDOWN_SEC": "4",
}
"""What differs from production on a small machine."""


class Workers(NamedTuple):
    """One worker process, the pools whose queues it consumes, and how many children it has."""

    name: str
    pools: tuple[str, ...]
    concurrency: int


def plan() -> tuple[Workers, ...]:
    """The worker processes, by ``NAMES``; every pool of the registry is in exactly one."""
    return (
        # Two children, so that decoding a long file never keeps finished chunks from being merged.
        Workers("core", STAGES, concurrency=2),
        # Cheap analyses: one child keeps up with several of the expensive ones.
        Workers("cpu", _analyses("cpu"), concurrency=1),
        # Expensive analyses, on the CPU here: one child a core, as far as the memory of a small
        # machine goes.
        Workers("gpu", _analyses("gpu"), concurrency=min(CORES, 4)),
    )


def _analyses(pool: str) -> tuple[str, ...]:
    return tuple(card.name for card in cards() if card.pool == pool)
