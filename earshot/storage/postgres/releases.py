"""Releases activated in place of the catalog's defaults."""

from earshot.analysis.types import Release
from earshot.storage.postgres.db import Connection
from earshot.storage.postgres.queries import queries


def active(connection: Connection) -> dict[str, Release]:
    """Active release by analysis; analyses with the catalog's default are absent."""
    rows = connection.execute(queries("releases")["active"]).fetchall()
    return {row["analysis"]: Release.model_validate(row) for row in rows}


def named(connection: Connection, analysis: str, name: str) -> Release | None:
    """A release that is or was active."""
    row = connection.execute(
        queries("releases")["named"], {"analysis": analysis, "name": name}
    ).fetchone()
    return Release.model_validate(row) if row else None


def activate(connection: Connection, release: Release) -> None:
    """Activates a release for its analysis from the next dispatch on."""
    with connection.transaction():
        connection.execute(queries("releases")["deactivate"], {"analysis": release.analysis})
        connection.execute(
            queries("releases")["activate"],
            {**release.model_dump(), "labels": list(release.labels)},
        )


def deactivate(connection: Connection, analysis: str) -> None:
    """Restores the catalog's default."""
    connection.execute(queries("releases")["deactivate"], {"analysis": analysis})
