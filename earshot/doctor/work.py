"""Checks of the work itself: who is there to do it, and what was given up."""

from collections.abc import Iterator

from earshot.doctor.finding import Finding, ok, warn
from settings import settings
from storage import dead_letters, presence
from storage.db import connect
from storage.redis import client


def workers() -> Iterator[Finding]:
    """Those that were heard within ``worker_lost_sec``; a dead one is missed after that time."""
    living = presence.living(client(settings().redis_url))
    children = sum(len(worker.children) for worker in living)
    if living:
        yield ok("workers", f"{len(living)} heard, {children} children: {', '.join(worker.node for worker in living)}")
    else:
        yield warn("workers", "none is heard; start all with `earshot up`, or one with `earshot worker POOL`")


def dead() -> Iterator[Finding]:
    """Letters that wait for a decision."""
    with connect(settings().database_url) as connection:
        waiting = dead_letters.count_open(connection)
    yield warn("dead letters", f"{waiting} open; `earshot dead list`") if waiting else ok("dead letters", "none open")
