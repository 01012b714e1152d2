"""Stores which rules match a recording, with one event for each version of a rule."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from psycopg.types.json import Jsonb

from earshot.analysis import events
from earshot.analysis.report.categories import Category
from earshot.analysis.rules.evaluate import Versioned, category, evaluate
from earshot.analysis.rules.facts import Facts
from earshot.storage import outbox
from earshot.storage.postgres.db import Connection
from earshot.storage.postgres.queries import queries
from earshot.storage.rules import stored

SQL = queries("rules")
log = logging.getLogger(__name__)


class Judged(NamedTuple):
    """A rule that was evaluated over a recording."""

    recording_id: UUID
    rule: Versioned
    category: Category | None
    """None: it does not match."""


def judge(connection: Connection, recording_id: UUID, report: Mapping[str, Any]) -> None:
    """Evaluates the enabled rules of the recording's tenant over its report, and stores what they
    match, in the caller's transaction, which has locked the recording.

    Args:
        report: its JSON, with corrections.
    """
    rules = stored.of_recording(connection, recording_id)
    if not rules:
        return
    facts, judged = Facts(report), []
    for each in rules:
        try:
            judged.append(Judged(recording_id, each, category(each, evaluate(each.rule, facts))))
        except Exception:  # of one rule: the recording closes, and the rule's other matches stay
            log.exception("rule %s of recording %s is not evaluated", each.rule.name, recording_id)
    put(connection, judged)


def put(connection: Connection, judged: Sequence[Judged]) -> None:
    """Stores matches in the caller's transaction: earlier ones of the same rules that are not among
    them are gone. A version of a rule that matches a recording for the first time has an event."""
    told = []
    for each in judged:
        if each.category is None:
            continue
        row = connection.execute(
            SQL["put_match"],
            {
                "recording_id": each.recording_id,
                "rule_id": each.rule.id,
                "version": each.rule.version,
                "category": Jsonb(each.category.model_dump(mode="json")),
            },
        ).fetchone()
        if row and row["is_new"]:
            told.append(events.matched(each.recording_id, each.category))
    connection.execute(
        SQL["take_away"],
        {
            "recordings": [each.recording_id for each in judged],
            "rules": [each.rule.id for each in judged],
            "versions": [each.rule.version if each.category else None for each in judged],
        },
    )
    outbox.add(connection, told)
