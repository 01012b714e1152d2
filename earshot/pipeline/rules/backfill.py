"""A back-fill: a rule's matches over stored calls, with their events, batch by batch. Every batch
is one transaction with its place, so that another process continues where one ended."""

import logging
import time
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import psycopg

from earshot.analysis.errors import Permanent, Transient
from earshot.analysis.rules.evaluate import Versioned, category
from earshot.analysis.rules.rule import Rule
from earshot.analysis.types import Frozen
from earshot.storage.postgres.db import Connection
from earshot.storage.postgres.queries import queries
from earshot.storage.rules import matches, stored
from earshot.storage.rules.calls import Range, Reached, page, placed
from earshot.storage.rules.matches import Judged

SQL = queries("rules")
log = logging.getLogger(__name__)
BATCH = 200
"""Calls that are locked at a time; their rounds and corrections wait for it."""
PASS_SEC = 20.0
"""Time of one pass of upkeep over all back-fills."""
SHOWN = 20


class Backfill(Frozen):
    """A version of a rule on its way through stored calls."""

    id: UUID
    rule_id: UUID
    name: str
    version: int
    since: datetime | None
    until: datetime
    calls: int
    matched: int
    undecided: int
    begun_at: datetime
    begun_by: str
    finished_at: datetime | None


def begin(
    connection: Connection, tenant: str, name: str, since: datetime | None, by: str
) -> Backfill:
    """Stores a back-fill of the current version of a rule over the calls until now; the one that is
    under way, if there is one. Upkeep continues it.

    Raises:
        Permanent: ``no_such_rule``; ``rule_disabled``.
    """
    rule = stored.find(connection, tenant, name)
    if not rule.body.enabled:
        raise Permanent("rule_disabled", f"rule {name} is disabled; enable it first")
    row = {"id": uuid4(), "rule_id": rule.id, "version": rule.version, "since": since}
    connection.execute(SQL["add_backfill"], {**row, "until": datetime.now(UTC), "by": by})
    return of_rule(connection, rule.id)[0]


def of_rule(connection: Connection, rule_id: UUID) -> list[Backfill]:
    """The back-fills of a rule, newest first."""
    rows = connection.execute(SQL["backfills"], {"rule_id": rule_id, "limit": SHOWN})
    return [_shown(row) for row in rows]


def _shown(row: dict[str, Any]) -> Backfill:
    return Backfill.model_validate({name: row[name] for name in Backfill.model_fields})


def step(connection: Connection, id: UUID, batch: int = BATCH) -> bool:
    """Does one batch; False if the back-fill is finished, or another process is at it. One whose
    rule was changed or deleted ends."""
    with connection.transaction():
        row = connection.execute(SQL["take_backfill"], {"id": id}).fetchone()
        if row is None:
            return False
        after = Reached(row["reached_at"], row["reached"]) if row["reached"] else None
        range_ = Range(row["tenant"], row["since"], row["until"])
        connection.execute(SQL["lock_calls"], placed(range_, after, batch))
        rule = Versioned(row["rule_id"], row["version"], Rule.model_validate(row["body"]))
        calls = [] if row["is_void"] else page(connection, rule.rule, range_, after, batch)
        judged = [Judged(call.id, rule, category(rule, call.verdict)) for call in calls]
        matches.put(connection, judged)
        done = {
            "id": id,
            "reached_at": calls[-1].created_at if calls else None,
            "reached": calls[-1].id if calls else None,
            "calls": len(calls),
            "matched": sum(each.category is not None for each in judged),
            "undecided": sum(call.verdict.holds is None for call in calls),
            "finished": len(calls) < batch,
        }
        connection.execute(SQL["advance"], done)
    return len(calls) == batch


def proceed(connection: Connection, seconds: float = PASS_SEC) -> int:
    """Continues the open back-fills, oldest first, for that long; returns the number of batches."""
    ends, done = time.monotonic() + seconds, 0
    for row in connection.execute(SQL["open_backfills"], {"limit": SHOWN}).fetchall():
        more = True
        try:
            while more and time.monotonic() < ends:
                more = step(connection, row["id"])
                done += 1
        except (psycopg.OperationalError, psycopg.InterfaceError, Transient):
            raise
        except Exception:  # of one back-fill: the others continue, and it is tried in the next pass
            log.exception("back-fill %s", row["id"])
    return done
