"""Rows of releases, with what they were made of, and the events of their stages."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from psycopg.types.json import Jsonb
from pydantic import Field

from earshot.analysis.errors import Permanent
from earshot.analysis.types import Frozen, Release
from earshot.storage.postgres.db import Connection
from earshot.storage.postgres.queries import queries
from earshot.storage.postgres.releases import Change, say

SQL = queries("releases")

Stage = Literal["candidate", "shadow", "active", "retired"]


class Made(Frozen):
    """What a release was made of."""

    features: dict[str, Any] = Field(default_factory=dict)
    metrics: dict[str, Any] = Field(default_factory=dict)
    data_sha256: str | None = None
    holdout: str | None = None
    """Path of the manifest that candidates are compared on."""
    holdout_sha256: str | None = None
    licence: str | None = None
    base: dict[str, Any] | None = None
    extended: bool = False
    """Trained to keep the labels of its base."""
    size_bytes: int | None = None
    trained_at: datetime | None = None


class Registered(Made):
    """A row."""

    release: Release
    stage: Stage
    latency_ms: float | None
    """CPU time for a second of sound, as the gate measured it."""
    created_at: datetime
    shadow_share: float | None = None
    """Of the recordings that it answers, or last answered, in shadow."""
    shadow_since: datetime | None = None
    shadow_costs: dict[str, int] = Field(default_factory=dict)
    """What the analysis's workers had used when that began (``shadowing.spent``)."""


class Event(Frozen):
    """One change of a stage."""

    id: int
    analysis: str
    release: str
    sha256: str
    from_stage: str | None
    to_stage: str
    at: datetime
    by: str
    why: str
    metrics: dict[str, Any] | None
    forced: bool


def register(connection: Connection, release: Release, made: Made, change: Change) -> bool:
    """Stores a candidate; False if it is there already, as it is.

    Raises:
        Permanent: ``name_taken``, its analysis has another release of that name.
    """
    values = made.model_dump()
    for key in ("features", "metrics", "base"):
        values[key] = None if values[key] is None else Jsonb(values[key])
    with connection.transaction():
        say(connection, change)
        done = connection.execute(
            SQL["register"],
            {**release.model_dump(), "labels": list(release.labels), **values},
        )
        found = find(connection, release.name, release.analysis)
    if found.release.sha256 != release.sha256:
        raise Permanent(
            "name_taken",
            f"{release.analysis} has a release {release.name} of other content; choose another"
            " name",
        )
    return done.rowcount == 1


def listed(connection: Connection, analysis: str | None = None) -> list[Registered]:
    """All rows, or those of an analysis, oldest first."""
    rows = connection.execute(SQL["registered"], {"name": None, "analysis": analysis})
    return [_registered(row) for row in rows]


def find(connection: Connection, name: str, analysis: str | None = None) -> Registered:
    """The release of that name.

    Raises:
        Permanent: ``no_such_release``, or ``ambiguous``: several analyses have one.
    """
    rows = connection.execute(SQL["registered"], {"name": name, "analysis": analysis}).fetchall()
    if not rows:
        raise Permanent(
            "no_such_release",
            f"no release {name} is registered; `earshot release list` shows them",
        )
    if len(rows) > 1:
        raise Permanent(
            "ambiguous",
            f"{', '.join(row['analysis'] for row in rows)} have a release {name}; name the"
            " analysis with --analysis",
        )
    return _registered(rows[0])


def measured(connection: Connection, release: Release, latency_ms: float) -> None:
    """Stores the measured CPU time for a second of sound, in ms."""
    connection.execute(
        SQL["measured"],
        {"analysis": release.analysis, "name": release.name, "latency_ms": latency_ms},
    )


def events(connection: Connection, analysis: str | None = None) -> list[Event]:
    """Events in the order of the changes."""
    rows = connection.execute(SQL["events"], {"analysis": analysis})
    return _events(rows.fetchall())


def live(connection: Connection, at: datetime) -> dict[str, Event]:
    """By analysis the last event before ``at`` that made a release answer or ended that. An
    analysis without one had the catalog's default."""
    rows = connection.execute(SQL["live"], {"at": at})
    return {event.analysis: event for event in _events(rows.fetchall())}


def _registered(row: dict[str, Any]) -> Registered:
    release = {name: row.pop(name) for name in Release.model_fields}
    return Registered(release=Release.model_validate(release), **row)


def _events(rows: Sequence[dict[str, Any]]) -> list[Event]:
    return [Event(from_stage=row.pop("from"), to_stage=row.pop("to"), **row) for row in rows]
