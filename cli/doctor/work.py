"""Checks of the work itself: who is there to do it, and what was given up."""

from collections.abc import Iterator, Mapping

from cli.doctor.finding import Finding, fail, ok, warn
from cli.doctor.stuck import ago
from cli.localstack import waiting
from earshot.settings import settings
from earshot.storage.postgres import dead_letters
from earshot.storage.postgres.db import connect
from earshot.storage.redis import presence, upkeep_runs
from earshot.storage.redis.client import client

PERIODS = 3
"""That upkeep may miss while it waits its turn."""
JUST_STARTED_SEC = 10.0
"""Within which everything that has just been started does its first piece of work."""


def workers() -> Iterator[Finding]:
    """Those that were heard within ``worker_lost_sec``; a dead one is missed after that time."""
    living = presence.living(client())
    children = sum(len(worker.children) for worker in living)
    if living:
        yield ok(
            "workers",
            f"{len(living)} heard, {children} children:"
            f" {', '.join(worker.node for worker in living)}",
        )
    else:
        yield fail(
            "workers",
            "none is heard; start all with `earshot up`, or one with `earshot worker POOL`",
        )


def upkeep() -> Iterator[Finding]:
    """Whether lost work is looked for: each of upkeep's tasks leaves word when it has run."""
    redis = client()
    config = settings()
    periods = {
        "reconcile": config.reconcile_every_sec,
        "relay": config.relay_every_sec,
        "tidy": config.tidy_every_sec,
    }
    # Right after a start the first pass is on its way.
    waiting.became(
        lambda: not _overdue(upkeep_runs.ages(redis, periods), periods), JUST_STARTED_SEC
    )
    ages = upkeep_runs.ages(redis, periods)
    late = _overdue(ages, periods)
    for name in late:
        age = ages[name]
        when = "has not run" if age is None else f"ran last {ago(age)} ago"
        line = f"{name} {when}, and is due every {periods[name]:.0f} s"
        yield fail(
            "upkeep",
            f"{line}; start `earshot beat` and `earshot worker upkeep`, or all with `earshot up`",
        )
    if not late:
        yield ok("upkeep", f"ran {ago(max(age for age in ages.values() if age is not None))} ago")


def _overdue(ages: Mapping[str, float | None], periods: Mapping[str, float]) -> list[str]:
    return [
        name
        for name, age in ages.items()
        if age is None or age > PERIODS * periods[name] + JUST_STARTED_SEC
    ]


def dead() -> Iterator[Finding]:
    """Letters that wait for a decision."""
    with connect() as connection:
        waiting = dead_letters.count_open(connection)
    yield (
        warn("dead letters", f"{waiting} open; `earshot dead list`")
        if waiting
        else ok("dead letters", "none open")
    )
