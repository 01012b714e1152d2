"""Revisions of the data that corrections are written as."""

from collections.abc import Collection, Mapping
from uuid import UUID

from psycopg.types.json import Jsonb

from earshot.analysis.types import Frozen
from earshot.storage.postgres.db import Connection
from earshot.storage.postgres.queries import queries

SQL = queries("labels")


class Data(Frozen):
    """What was written for a model."""

    model: str
    sha256: str
    """Of sound, labels and groups: the same corrections give the same."""
    examples: int
    recordings: int
    labels: Mapping[str, int]
    left_out: Mapping[str, int]
    """Reason to examples, for ``deleted``, ``forbidden`` and ``no_sound`` to recordings."""
    folder: str
    made_by: str


def corrected(connection: Connection, kind: str) -> list[UUID]:
    """Recordings with a correction of that kind in force, by id."""
    return [row["recording_id"] for row in connection.execute(SQL["corrected"], {"kind": kind})]


def gone(connection: Connection, ids: Collection[UUID]) -> set[UUID]:
    """Those of the recordings that are deleted."""
    return {row["id"] for row in connection.execute(SQL["gone"], {"ids": list(ids)})}


def put(connection: Connection, data: Data) -> int:
    """Stores a revision and returns its number: that of the same content, if there is one."""
    row = {**data.model_dump(), "labels": Jsonb(data.labels), "left_out": Jsonb(data.left_out)}
    with connection.transaction():
        connection.execute(SQL["lock"], {"model": data.model})
        found = connection.execute(SQL["put"], row).fetchone()
    assert found is not None
    return int(found["revision"])
