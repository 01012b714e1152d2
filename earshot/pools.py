"""The pools: every queue can be served by workers of its own, or several queues by one process on a
small machine."""

from earshot.analysis.errors import Misconfigured
from earshot.registry import cards

STAGES = ("ingest", "merge", "finalize", "upkeep")
"""Queues of the stages that are not analyses."""

TRAIN_NOISE = "train_noise_classifier"
"""The name that [004] has for the training of noise."""
RETRAIN = "retrain"
"""Queue and pool of trainings. It is in a Redis database of its own (``tasks.retraining``), so its
workers serve no other pool, and those that serve all do not serve it."""
SHADOW = "shadow"
"""Queue and pool of releases in shadow (``tasks.shadowing``), likewise: its workers are slow on
purpose."""
APART = {RETRAIN: "tasks.retraining", SHADOW: "tasks.shadowing"}
"""Pools with an application of their own, to its module."""

STRANGERS = "celery"
"""Celery's default queue. A client that knows nothing of this project and names no queue lands
here; ``ingest`` serves it."""


def queues() -> tuple[str, ...]:
    """Every queue there is."""
    return (*STAGES, STRANGERS, *(card.name for card in cards()))


def pools() -> dict[str, tuple[str, ...]]:
    """Pool name to the queues it consumes."""
    served = {name: (name,) for name in (*STAGES, *(card.name for card in cards()))}
    return {**served, "ingest": ("ingest", STRANGERS)}


def queues_of(names: tuple[str, ...]) -> tuple[str, ...]:
    """The queues that a worker for these pools must consume.

    Raises:
        Misconfigured: there is no such pool, or it is served alone.
    """
    if len(names) == 1 and names[0] in APART:
        return names
    known = pools()
    unknown = [name for name in names if name not in known]
    if unknown or not names:
        raise Misconfigured(
            "pool",
            f"no pool {', '.join(unknown) or 'named'}; pools are {', '.join(known)}, and each alone"
            f" {', '.join(APART)}",
        )
    return tuple(queue for name in names for queue in known[name])
