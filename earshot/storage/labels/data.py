"""Revisions of the data that corrections are written as."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from psycopg.types.json import Jsonb

from earshot.analysis.types import Frozen
from earshot.storage.postgres import recordings
from earshot.storage.postgres.db import Connection
from earshot.storage.postgres.queries import queries
from earshot.storage.postgres.recordings import Recording

SQL = queries("labels")
MOST_SENDS, AGAIN_SEC = 3, 600
"""Of the message of one training."""


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


class Unsent(NamedTuple):
    """A training that was asked for."""

    model: str
    run_id: UUID
    folder: str
    """Of the data."""
    last: bool
    """It is not sent again if no worker begins it."""


def corrected(connection: Connection, kind: str) -> list[UUID]:
    """Recordings with a correction of that kind in force, by id."""
    return [row["recording_id"] for row in connection.execute(SQL["corrected"], {"kind": kind})]


def gone(connection: Connection, ids: Collection[UUID]) -> set[UUID]:
    """Those of the recordings that are deleted."""
    return {row["id"] for row in connection.execute(SQL["gone"], {"ids": list(ids)})}


def salt(connection: Connection) -> UUID:
    """The secret of this database that names of speakers are hashed with."""
    row = connection.execute(SQL["salt"]).fetchone()
    assert row is not None
    found: UUID = row["salt"]
    return found


def stay(connection: Connection, recording_id: UUID) -> Recording | None:
    """The recording, or None. Until the end of the caller's transaction it is neither deleted nor
    analysed again, and nothing of it expires: those who do that wait, or come back."""
    connection.execute(SQL["stay"], {"id": recording_id})
    return recordings.get(connection, recording_id)


def put(connection: Connection, data: Data) -> int:
    """Stores a revision and returns its number: that of the same content, if there is one."""
    row = {**data.model_dump(), "labels": Jsonb(data.labels), "left_out": Jsonb(data.left_out)}
    with connection.transaction():
        connection.execute(SQL["lock"], {"model": data.model})
        found = connection.execute(SQL["put"], row).fetchone()
    assert found is not None
    return int(found["revision"])


def fresh(connection: Connection, model: str, kind: str) -> int:
    """Number of corrections of that kind in force that no training of the model was asked for."""
    row = connection.execute(SQL["fresh"], {"model": model, "kind": kind}).fetchone()
    return int(row["fresh"]) if row else 0


def ask(connection: Connection, model: str, revision: int, run_id: UUID, at: datetime) -> bool:
    """Asks for a training on a revision; False if one was asked for before.

    Args:
        at: corrections made after it are new.
    """
    args = {"model": model, "revision": revision, "run_id": run_id, "asked_at": at}
    row = connection.execute(SQL["ask"], args).fetchone()
    return bool(row and row["asked"])


def unsent(connection: Connection) -> list[Unsent]:
    """The trainings that were asked for and that no worker has begun, where their model is free;
    each counts as sent, at most ``MOST_SENDS`` times."""
    rows = connection.execute(SQL["unsent"], {"most": MOST_SENDS, "again_sec": AGAIN_SEC})
    return [Unsent(**row) for row in rows]
