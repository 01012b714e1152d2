"""Evaluates a rule over stored calls, page by page, newest first."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from earshot.analysis.rules.conditions import (
    Emotion,
    Figure,
    HoldMusic,
    Interruptions,
    Overtalk,
    Regex,
    Sentiment,
    Silence,
    Sound,
    Topic,
    Words,
    walk,
)
from earshot.analysis.rules.evaluate import evaluate, possible, read_words
from earshot.analysis.rules.facts import Facts
from earshot.analysis.rules.facts import Words as SpokenWords
from earshot.analysis.rules.rule import Rule
from earshot.analysis.rules.verdict import NO, Verdict
from earshot.storage.postgres import corrections
from earshot.storage.postgres.db import Connection
from earshot.storage.postgres.queries import queries

SQL = queries("rules")
TURN = ("id", "role", "start_ms", "end_ms", "text", "transcribed", "emotion", "sentiment",
        "text_sentiment", "fusion")  # fmt: skip
"""Fields of a turn in the query ``parts``."""
OF_TURNS = (Words, Regex, Emotion, Sentiment)
OF_FIGURES = (Silence, HoldMusic, Overtalk, Interruptions, Figure)


class Reached(NamedTuple):
    """The last call of a page."""

    created_at: datetime
    id: UUID


class Range(NamedTuple):
    """Which calls of a tenant."""

    tenant: str
    since: datetime | None
    until: datetime
    """Of ``created_at``, from ``since`` to before ``until``."""


class Call(NamedTuple):
    """A stored call, and what is known of the rule."""

    id: UUID
    file_name: str
    created_at: datetime
    verdict: Verdict


def page(
    connection: Connection, rule: Rule, range_: Range, after: Reached | None, limit: int
) -> list[Call]:
    """The next calls with a report, with the rule evaluated over each. Where words are required,
    only calls whose text has them are read further."""
    args = {**placed(range_, after, limit), "texts": not possible(rule.when, ())}
    rows = connection.execute(SQL["texts"], args).fetchall()
    chosen = [row["id"] for row in rows if not (args["texts"] and _impossible(rule, row))]
    corrected = {row["id"] for row in rows if row["corrected"]}
    facts = dict(_facts(connection, rule, chosen, corrected))
    return [
        Call(
            row["id"],
            row["file_name"],
            row["created_at"],
            evaluate(rule, facts[row["id"]]) if row["id"] in facts else NO,
        )
        for row in rows
    ]


def _impossible(rule: Rule, row: Mapping[str, Any]) -> bool:
    """Whether the rule does not hold for certain, regardless of the rest of the report: words that
    it requires are nowhere, and everything was transcribed."""
    if row["corrected"] or row["untranscribed"] or not row["texts"]:
        return False
    named = {role for each, _ in walk(rule.when) if (role := getattr(each, "role", None))}
    return named <= set(row["roles"]) and not possible(rule.when, row["texts"])


def placed(range_: Range, after: Reached | None, limit: int) -> dict[str, Any]:
    """Arguments of queries for a page of calls."""
    reached = {"reached_at": after and after.created_at, "reached": after and after.id}
    return {**range_._asdict(), **reached, "limit": limit}


def needs(rule: Rule) -> dict[str, Any]:
    """Arguments for the parts of reports that the rule reads."""
    kinds = {type(each) for each, _ in walk(rule.when)}
    return {
        "turns": any(kind in kinds for kind in OF_TURNS),
        "figures": any(kind in kinds for kind in OF_FIGURES),
        "sounds": Sound in kinds,
        "topics": Topic in kinds,
    }


def _facts(
    connection: Connection, rule: Rule, ids: Sequence[UUID], corrected: Collection[UUID]
) -> Iterator[tuple[UUID, Facts]]:
    bodies: dict[UUID, dict[str, Any]] = {}
    for row in connection.execute(SQL["parts"], {"ids": list(ids), **needs(rule)}):
        turns = [dict(zip(TURN, each, strict=True)) for each in row["turns"] or ()]
        bodies[row["id"]] = {**row, "turns": turns}
    plain = {id: Facts(body) for id, body in bodies.items() if id not in corrected}
    words = _words(
        connection, ((id, turn) for id, each in plain.items() for turn in read_words(rule, each))
    )
    for id, each in plain.items():
        yield id, Facts(each.report, words[id].__getitem__) if id in words else each
    for id in bodies.keys() - plain.keys():
        yield id, Facts(corrections.report(connection, id) or bodies[id])


def _words(
    connection: Connection, wanted: Iterable[tuple[UUID, str]]
) -> dict[UUID, dict[str, SpokenWords]]:
    """Of the turns, by recording and id."""
    pairs = list(wanted)
    found: dict[UUID, dict[str, SpokenWords]] = defaultdict(dict)
    if pairs:
        args = {"ids": [id for id, _ in pairs], "turns": [turn for _, turn in pairs]}
        for row in connection.execute(SQL["words"], args):
            found[row["recording_id"]][row["turn"]] = row["words"] or ()
    return found


def pages(
    connection: Connection, rule: Rule, range_: Range, most: int, size: int
) -> Iterator[Sequence[Call]]:
    """Pages of the newest calls, at most ``most`` calls."""
    after, left = None, most
    while left > 0:
        found = page(connection, rule, range_, after, min(size, left))
        if not found:
            return
        yield found
        left -= len(found)
        after = Reached(found[-1].created_at, found[-1].id)
