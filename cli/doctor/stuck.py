"""``earshot doctor --stuck``: lists late work, the reason, and a remedy."""

import time
from collections.abc import Callable, Iterator
from itertools import groupby
from typing import NamedTuple

from redis import Redis
from rich.table import Table
from rich.text import Text

from cli.terminal.console import say, show
from cli.terminal.places import SHORT_PLACES
from earshot.pipeline import verdicts
from earshot.pipeline.verdicts import Look
from earshot.settings import settings
from earshot.storage import outbox
from earshot.storage.postgres import ledger
from earshot.storage.postgres.db import Connection, connect
from earshot.storage.redis.client import client

GOES_ON = ("working", "waiting")
"""Verdicts on late work that finishes by itself."""
SECOND_LOOK_SEC = 1.0
"""A recording between two steps is not stuck: at the next look it has moved on."""
ROWS_SHOWN = 200

Key = tuple[str, str, str, str]


class Row(NamedTuple):
    """One line of the table, about one chunk or several with the same verdict."""

    recording: str
    analysis: str
    verdict: str
    detail: str
    chunks: tuple[int, ...]
    since: float
    """Seconds since the epoch; of several chunks the earliest."""


def examine_stuck() -> int:
    """Prints all late work. Returns 1 if some of it will not finish without intervention."""
    redis = client()
    with connect() as connection:
        at = verdicts.look(redis, None)
        rows = [*late(connection, redis, at), *_between(connection), *_untold(connection)]
    if not rows:
        say("nothing is late")
        return 0
    show(_table(rows[:ROWS_SHOWN], time.time()))
    if len(rows) > ROWS_SHOWN:
        say(f"and {len(rows) - ROWS_SHOWN} more lines")
    held_up = [row for row in rows if row.verdict not in GOES_ON]
    for line in advice(held_up, any("upkeep" in worker.queues for worker in at.workers.values())):
        say(line)
    if not held_up:
        say("nothing is stuck: all of it is worked on or waits its turn")
    return 1 if held_up else 0


def late(connection: Connection, redis: Redis, at: Look) -> list[Row]:
    """Late requests and chunks, those with the same verdict in one row."""
    rows: dict[Key, Row] = {}
    for request in verdicts.late_requests(connection, at):
        row = Row(
            str(request.request.id)[:8],
            "ingest",
            request.verdict,
            request.detail,
            (),
            request.request.sent_at,
        )
        rows[(str(request.request.id), *row[1:4])] = row
    for each in verdicts.late_chunks(connection, redis, at):
        for delay in each.delays:
            key = (str(each.chunk.recording_id), delay.analysis, delay.verdict, delay.detail)
            since = each.chunk.dispatched_at.timestamp()
            before = rows.get(key, Row(key[0][:8], *key[1:], (), since))
            rows[key] = before._replace(
                chunks=(*before.chunks, each.chunk.index), since=min(before.since, since)
            )
    return list(rows.values())


def _between(connection: Connection) -> Iterator[Row]:
    """Recordings between two steps at two looks."""
    steps: tuple[tuple[str, str, Callable[[], set[object]]], ...] = (
        (
            "undispatched",
            "it has chunks that were never published",
            lambda: set(ledger.undispatched(connection)),
        ),
        (
            "unfinalized",
            "its chunks are all merged, and it has no report",
            lambda: set(ledger.unfinalized(connection)),
        ),
    )
    found = [step() for _, _, step in steps]
    if any(found):
        now = time.time()
        time.sleep(SECOND_LOOK_SEC)
        for (verdict, detail, step), before in zip(steps, found, strict=True):
            yield from (
                Row(str(each)[:8], "-", verdict, detail, (), now)
                for each in sorted(before & step(), key=str)
            )


def _untold(connection: Connection) -> Iterator[Row]:
    events, since = outbox.unpublished(connection, settings().worker_lost_sec)
    if events:
        yield Row("-", "-", "unpublished", f"{events} events wait to be published", (), since)


def advice(rows: list[Row], upkeep_lives: bool) -> Iterator[str]:
    """Remedies for rows that do not continue by themselves."""
    verdicts = {row.verdict for row in rows}
    for queue in sorted({row.analysis for row in rows if row.verdict == "unserved"}):
        yield f"unserved: start a worker with `earshot worker {queue}`, or all with `earshot up`"
    if "unsure" in verdicts:
        yield (
            "unsure: decided when a worker has sent heartbeats for"
            f" {settings().worker_lost_sec} s without a gap"
        )
    mended = sorted(verdicts - {"unserved", "unsure"})
    if mended and upkeep_lives:
        within = f"within {settings().reconcile_every_sec:.0f} s while `earshot beat` runs"
        yield (
            f"{', '.join(mended)}: upkeep sets it going again {within};"
            " `earshot repair` does at once"
        )
    elif mended:
        start = "start `earshot worker upkeep` and `earshot beat`"
        yield f"{', '.join(mended)}: no upkeep worker lives; run `earshot repair`, and {start}"


def _table(rows: list[Row], now: float) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in ("recording", "chunk", "analysis", "verdict", "since"):
        table.add_column(name, no_wrap=True)
    table.add_column("why", overflow="fold")
    for row in rows:
        style = "" if row.verdict in GOES_ON else "yellow"
        place = (row.recording, ranges(row.chunks), row.analysis)
        table.add_row(
            *place, Text(row.verdict, style=style), ago(now - row.since), Text(row.detail)
        )
    return table


def ranges(chunks: tuple[int, ...]) -> str:
    """``0-3, 7``; ``whole`` and ``transcript`` for those, ``-`` for none."""
    cut = sorted(index for index in set(chunks) if index >= 0)
    runs = [
        [index for _, index in run]
        for _, run in groupby(enumerate(cut), key=lambda each: each[1] - each[0])
    ]
    spans = [str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs]
    return (
        ", ".join([*(name for index, name in SHORT_PLACES.items() if index in chunks), *spans])
        or "-"
    )


def ago(seconds: float) -> str:
    """A rough age: ``40 s``, ``12 min``, ``5 h``, ``3 d``."""
    for size, unit in ((86_400, "d"), (3_600, "h"), (120, "min")):
        if seconds >= size:
            return f"{seconds // (60 if unit == 'min' else size):.0f} {unit}"
    return f"{max(0.0, seconds):.0f} s"
