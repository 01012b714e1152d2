"""The receipt of a deleted recording: counts of removed entries and of the search."""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal
from uuid import UUID

from earshot.analysis.types import Frozen

Store = Literal["postgres", "redis", "store", "exports"]
Counts = dict[Store, dict[str, int]]
"""Counts by store and kind: tables, kinds of Redis entries, files and bytes."""
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
    """A search of every store for the recording's id, after its known entries were removed."""

    at: datetime
    searched: Counts
    """Searched entries in total: rows by table, Redis keys, paths."""
    removed_late: int = 0
    """Entries removed by the search itself: those written while the recording was deleted."""
    found: tuple[Trace, ...] = ()
    """Places that still name the recording. Empty for a complete deletion."""
    not_searched: tuple[str, ...] = NOT_SEARCHED


class DeletionReceipt(Frozen):
    """Printed by ``earshot delete --json`` and kept in the tombstone: the id, when, and why;
    nothing about a person."""

    recording_id: UUID
    why: Why
    """``asked``: requested by a user; ``retention``: older than the settings allow."""
    requested_at: datetime
    erased_at: datetime | None
    """When the deletion was complete; null while something is still to be removed, which upkeep
    continues."""
    attempts: int
    """Above 1 if a process died during the deletion: its removals outside Postgres are not in the
    counts."""
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
