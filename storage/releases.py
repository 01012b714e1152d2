"""Releases that were promoted over the catalog's defaults."""

from analysis.types import Release
from storage.db import Connection
from storage.queries import queries


def active(connection: Connection) -> dict[str, Release]:
    """Analysis to its active release; analyses that run the catalog's default are absent."""
    rows = connection.execute(queries("releases")["active"]).fetchall()
    return {row["analysis"]: Release.model_validate(row) for row in rows}
