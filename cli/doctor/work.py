"""Checks of the work itself: live workers, upkeep, and abandoned analyses."""

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
"""Periods that upkeep may miss while it waits its turn."""
JUST_STARTED_SEC = 10.0
"""Maximum time in which newly started processes complete their first task."""


def workers() -> Iterator[Finding]:
    """Workers with a heartbeat within ``worker_lost_sec``."""
    living = presence.living(client())
    children = sum(len(worker.children) for worker in living)
    if living:
        yield ok(
            "workers",
            f"{len(living)} alive, {children} children:"
            f" {', '.join(worker.node for worker in living)}",
        )
    else:
        yield fail(
            "workers",
            "none is alive; start all with `earshot up`, or one with `earshot worker POOL`",
        )


def upkeep() -> Iterator[Finding]:
    """True if lost work is detected: each of upkeep's tasks records its last run."""
    redis = client()
    config = settings()
    periods = {
        "reconcile": config.reconcile_every_sec,
        "relay": config.relay_every_sec,
        "tidy": config.tidy_every_sec,
    }
    # Right after a start the first pass is still to come.
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
