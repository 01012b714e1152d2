"""Releases that were made active over the catalog's defaults."""

from earshot.analysis.types import Release
from earshot.storage.postgres.db import Connection
from earshot.storage.postgres.queries import queries


def active(connection: Connection) -> dict[str, Release]:
    """Analysis to its active release; analyses that run the catalog's default are absent."""
    rows = connection.execute(queries("releases")["active"]).fetchall()
    return {row["analysis"]: Release.model_validate(row) for row in rows}


def named(connection: Connection, analysis: str, name: str) -> Release | None:
    """A release that is active, or was."""
    row = connection.execute(
        queries("releases")["named"], {"analysis": analysis, "name": name}
    ).fetchone()
    return Release.model_validate(row) if row else None


def activate(connection: Connection, release: Release) -> None:
    """Lets a release answer for its analysis from the next dispatch on."""
    with connection.transaction():
        connection.execute(queries("releases")["deactivate"], {"analysis": release.analysis})
        connection.execute(
            queries("releases")["activate"],
            {**release.model_dump(), "labels": list(release.labels)},
        )


def deactivate(connection: Connection, analysis: str) -> None:
    """Lets the catalog's default answer again."""
    connection.execute(queries("releases")["deactivate"], {"analysis": analysis})
