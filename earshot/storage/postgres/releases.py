"""Releases activated in place of the catalog's defaults. Every change is recorded as an event in
its own transaction (ADR 60)."""

import getpass
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from psycopg.types.json import Jsonb

from earshot.analysis.errors import Permanent
from earshot.analysis.types import Release
from earshot.storage.postgres.db import Connection
from earshot.storage.postgres.queries import queries

SQL = queries("releases")


@dataclass(frozen=True)
class Change:
    """Who changes a release, and why."""

    by: str
    why: str
    metrics: Mapping[str, Any] | None = None
    """The figures that decided."""
    forced: bool = False
    """Against the gate."""


def by_command(why: str, **kwargs: Any) -> Change:
    """A change by the user of this process."""
    return Change(by=f"{getpass.getuser()} (command line)", why=why, **kwargs)


def active(connection: Connection) -> dict[str, Release]:
    """Active release by analysis; analyses with the catalog's default are absent."""
    rows = connection.execute(SQL["active"]).fetchall()
    return {row["analysis"]: Release.model_validate(row) for row in rows}


def named(connection: Connection, analysis: str, name: str) -> Release | None:
    """A registered release, of any stage."""
    row = connection.execute(SQL["named"], {"analysis": analysis, "name": name}).fetchone()
    return Release.model_validate(row) if row else None


def activate(
    connection: Connection,
    release: Release,
    change: Change,
    default: Release | None = None,
    instead_of: str | None = None,
) -> None:
    """Activates a release for its analysis from the next dispatch on.

    Args:
        default: the catalog's, which it replaces where no other release is active.
        instead_of: the release that must be active.

    Raises:
        Permanent: ``changed_meanwhile``, another one is.
    """
    with connection.transaction():
        lock(connection, release.analysis)
        now = active(connection).get(release.analysis, default)
        if instead_of is not None and (now is None or now.name != instead_of):
            raise Permanent(
                "changed_meanwhile",
                f"{now.name if now else 'another release'} answers by now, and {release.name} was"
                f" compared with {instead_of}; promote it again",
            )
        if default is not None and release.analysis not in active(connection):
            add_event(connection, default, "active", "retired", change)
        say(connection, change)
        connection.execute(SQL["deactivate"], {"analysis": release.analysis, "but": release.name})
        connection.execute(
            SQL["activate"],
            {**release.model_dump(), "labels": list(release.labels)},
        )


def deactivate(connection: Connection, default: Release, change: Change) -> None:
    """Restores the catalog's default; without effect where it answers already."""
    with connection.transaction():
        lock(connection, default.analysis)
        say(connection, change)
        ended = connection.execute(
            SQL["deactivate"], {"analysis": default.analysis, "but": ""}
        ).fetchall()
        if ended:
            add_event(connection, default, "retired", "active", change)


def lock(connection: Connection, analysis: str) -> None:
    """Makes other changes of an analysis wait for the end of this transaction."""
    connection.execute(SQL["lock"], {"analysis": analysis})


def say(connection: Connection, change: Change) -> None:
    """Gives the reason to the events of this transaction."""
    said = {
        "by": change.by,
        "why": change.why,
        "metrics": change.metrics,
        "forced": change.forced,
    }
    text = json.dumps({key: value for key, value in said.items() if value is not None})
    connection.execute(SQL["say"], {"change": text})


def add_event(
    connection: Connection, release: Release, before: str, after: str, change: Change
) -> None:
    """Writes an event that no trigger does: a default of the catalog has no row, and a change
    within a stage is no change of it."""
    connection.execute(
        SQL["add_event"],
        {
            "analysis": release.analysis,
            "name": release.name,
            "sha256": release.sha256,
            "from": before,
            "to": after,
            "by": change.by,
            "why": change.why,
            "metrics": None if change.metrics is None else Jsonb(dict(change.metrics)),
            "forced": change.forced,
        },
    )
