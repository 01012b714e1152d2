"""``earshot pools``: shows the standing of the pools, and pauses and resumes them."""

from rich.table import Table

from cli.doctor.stuck import ago
from cli.terminal.console import say, show, show_json
from earshot.pipeline import standing
from earshot.storage.postgres.db import connect
from earshot.storage.redis.client import client


def show_pools(*, as_json: bool) -> None:
    """Prints the standing of every pool."""
    with connect() as connection:
        found = standing.standing(connection, client())
    if as_json:
        for each in found:
            show_json(each.model_dump(mode="json"))
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in ("pool", "state", "jobs", "oldest", "a minute", "empty in", "chunks", "failures",
                 "dead", "workers", "children"):  # fmt: skip
        table.add_column(name, no_wrap=True)
    for each in found:
        ages = (each.oldest_sec, each.empty_in_sec)
        oldest, empty = ("-" if age is None else ago(age) for age in ages)
        rate = "-" if each.per_minute is None else f"{each.per_minute:.1f}"
        counts = (each.chunks, each.failures, each.dead_letters, each.workers, each.children)
        table.add_row(
            each.pool, each.state, str(each.depth), oldest, rate, empty, *map(str, counts)
        )
    show(table)


def pause(pool: str) -> None:
    """Pauses a pool."""
    with connect() as connection:
        standing.pause(connection, client(), pool)
    say(f"{pool} is paused; `earshot pools resume {pool}` ends that")


def resume(pool: str) -> None:
    """Ends the pause of a pool."""
    with connect() as connection:
        standing.resume(connection, client(), pool)
    say(f"{pool} runs")
