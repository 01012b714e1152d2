"""The worker processes of the local stack on a small machine, as data."""

import sys
from typing import NamedTuple

from cli.localstack.limits import number, of_this_machine
from earshot.pools import STAGES
from earshot.registry import cards

NAMES = ("core", "cpu", "gpu")
BEAT = "beat"
SUPERVISOR = "supervisor"
SUPERVISOR_ARGV = (sys.executable, "-m", "cli.localstack.supervisor")

GATEWAY_ARGV = (sys.executable, "-m", "earshot", "serve")
LIVE_ARGV = (sys.executable, "-m", "earshot", "live")

SOFT_SHUTDOWN_SEC = 4
"""Time for workers to finish their tasks when the stack stops; then they return them, for the next
start."""


def environment() -> dict[str, str]:
    """Differences to production on a small machine."""
    return {
        # On CPU pools a batch only delays the first event and unbalances the cores.
        "EARSHOT_CHUNK_BATCH_SIZE": f"{number(of_this_machine().chunk_batch):.0f}",
        "EARSHOT_SOFT_SHUTDOWN_SEC": str(SOFT_SHUTDOWN_SEC),
    }


class Workers(NamedTuple):
    """One worker process, the pools whose queues it consumes, and the number of its children."""

    name: str
    pools: tuple[str, ...]
    concurrency: int


def plan() -> tuple[Workers, ...]:
    """The worker processes, by ``NAMES``; every pool of the registry is in exactly one. On a
    GPU, for which ``gpu_workers`` asks, the expensive analyses have a process each of it, else they
    run on the cores."""
    found = of_this_machine()
    expensive = found.gpu_children if found.on_gpu else found.children
    return (
        Workers("core", STAGES, concurrency=int(number(found.io_children))),
        # Cheap analyses: one child keeps up with several of the expensive ones.
        Workers("cpu", _analyses("cpu"), concurrency=1),
        Workers("gpu", _analyses("gpu"), concurrency=int(number(expensive))),
    )


def _analyses(pool: str) -> tuple[str, ...]:
    return tuple(card.name for card in cards() if card.pool == pool)
