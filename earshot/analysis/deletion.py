"""What becomes of a recording that is deleted: its receipt, which counts what was removed and says
what was searched."""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal
from uuid import UUID

from earshot.analysis.types import Frozen

Store = Literal["postgres", "redis", "store", "exports"]
Counts = dict[Store, dict[str, int]]
"""Store to what is counted in it: tables, kinds of Redis entries, files and bytes."""
Why = Literal["asked", "retention"]

NOT_SEARCHED = (
    "logs of workers and servers",
    "backups",
    "Redis's append-only file until it is rewritten",
    "Postgres's dead rows until they are vacuumed, and its write-ahead log",
    "what readers of the event stream and of the reports keep",
)


class Trace(Frozen):
    """A place that still names the recording."""

    store: Store
    place: str
    """Table, Redis key or path."""
    times: int = 1


class Checked(Frozen):
    """A search of every store for the recording's id, after what was known of it was removed."""

    at: datetime
    searched: Counts
    """How much was looked through, all told: rows by table, Redis keys, paths."""
    removed_late: int = 0
    """Entries that the search itself had to remove: what was written while the recording was
    deleted."""
    found: tuple[Trace, ...] = ()
    """What names the recording all the same. Empty for a deletion that is whole."""
    not_searched: tuple[str, ...] = NOT_SEARCHED


class DeletionReceipt(Frozen):
    """What ``earshot delete --json`` prints and the tombstone keeps: the id, when, and why; nothing
    about a person."""

    recording_id: UUID
    why: Why
    """``asked``: somebody asked for it; ``retention``: it had reached the age that the settings
    allow."""
    requested_at: datetime
    erased_at: datetime | None
    """When all that was known of it was gone; null while something is still to be removed, which
    upkeep goes on with."""
    attempts: int
    """Above 1 where a process died in between: what that one had removed outside Postgres is not in
    the counts."""
    removed: Counts
    checked: Checked | None
    """Null until every store was searched."""


def added(counts: Iterable[Counts]) -> Counts:
    """The sum of several counts."""
    total: Counts = {}
    for each in counts:
        for store, kinds in each.items():
            mine = total.setdefault(store, {})
            for kind, number in kinds.items():
                mine[kind] = mine.get(kind, 0) + number
    return total
