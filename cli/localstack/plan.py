"""The worker processes of the local stack on a small machine, as data."""

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

GATEWAY_ARGV = (sys.executable, "-m", "earshot", "serve")

SETTINGS = {
    # On CPU pools a batch only delays the first event and unbalances the cores.
    "EARSHOT_CHUNK_BATCH_SIZE": "1",
    # Time for workers to finish their tasks when the stack stops; then they return them, for the
    # next start.
    "EARSHOT_SOFT_SHUTDOWN_SEC": "4",
}
"""Differences to production on a small machine."""


class Workers(NamedTuple):
    """One worker process, the pools whose queues it consumes, and the number of its children."""

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
