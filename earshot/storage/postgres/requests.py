"""Requests: recordings between submission and decoding; processed by one worker at a time, a
bounded number of times, and published again when they are lost."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

from earshot.analysis.errors import SURROUNDINGS, Transient
from earshot.analysis.states import RecordingState
from earshot.analysis.types import Frozen
from earshot.storage.postgres.db import Connection, connect, lost_connections
from earshot.storage.postgres.queries import queries

SQL = queries("requests")


class OpenRequest(Frozen):
    """An unfinished request."""

    id: UUID
    state: RecordingState
    request: dict[str, Any]
    ingest_sent_at: datetime
    sent_at: float
    """The same, seconds since the epoch."""
    worker: str | None
    """The last worker that processed it (an incarnation, see
    ``earshot.storage.redis.presence``)."""
    waits_for: str | None
    """Code of the failure of its last try."""


class Attempt(Frozen):
    """One try at ingesting a recording."""

    number: int
    sent_at: float
    """Time of the request's publication, seconds since the epoch."""
    worker_before: str | None
    """The previous worker (an incarnation, see ``earshot.storage.redis.presence``)."""


@contextmanager
def exclusive(recording_id: UUID, database_url: str | None = None) -> Iterator[Connection]:
    """A connection that holds an exclusive lock on ingesting this recording until it is closed, or
    its process dies: a request delivered twice is processed once.

    Raises:
        Transient: ``busy``, another worker has it; try again later.
        Unavailable: Postgres is unavailable.
    """
    with connect(database_url) as connection, lost_connections():
        row = connection.execute(SQL["lock"], {"id": recording_id}).fetchone()
        if row is None or not row["locked"]:
            raise Transient("busy", f"recording {recording_id} is being taken in by another worker")
        yield connection


def start(connection: Connection, recording_id: UUID, worker: str) -> Attempt | None:
    """Starts an attempt at decoding this recording; None if an earlier delivery of the request got
    further."""
    row = connection.execute(SQL["start"], {"id": recording_id, "worker": worker}).fetchone()
    if row is None:
        return None
    return Attempt(
        number=row["ingest_attempts"], sent_at=row["sent_at"], worker_before=row["worker_before"]
    )


def expect(connection: Connection, recording_id: UUID, chunks: int) -> None:
    """Records the expected number of chunks of the recording."""
    connection.execute(SQL["expect"], {"id": recording_id, "chunks": chunks})


def ahead(connection: Connection, recording_id: UUID) -> int:
    """Expected number of chunks of older recordings in ingest."""
    row = connection.execute(SQL["ahead"], {"id": recording_id}).fetchone()
    return int(row["chunks"]) if row else 0


def excuse(connection: Connection, recording_id: UUID) -> None:
    """Takes back an attempt that ended for reasons outside the recording."""
    connection.execute(SQL["excuse"], {"id": recording_id})


def waits(connection: Connection, recording_id: UUID, code: str, step_sec: float) -> float:
    """Takes back an attempt that met an unavailable dependency, and returns the total waiting time
    in seconds.

    Args:
        step_sec: maximum time counted since the previous try.
    """
    row = connection.execute(
        SQL["waits"], {"id": recording_id, "code": code, "step_sec": step_sec}
    ).fetchone()
    return float(row["waited"]) if row else 0.0


def put_off(connection: Connection, recording_id: UUID) -> None:
    """Records that the request is known and waits for capacity."""
    connection.execute(SQL["put_off"], {"id": recording_id})


def pull_back(connection: Connection) -> int:
    """Sets future publication times, left by a clock that was set back, to now."""
    return connection.execute(SQL["pull_back"]).rowcount


def unfinished(connection: Connection, age_sec: float) -> list[OpenRequest]:
    """Unfinished requests not touched within that time, oldest first, at most 1000."""
    return [
        OpenRequest.model_validate(row)
        for row in connection.execute(SQL["unfinished"], {"age_sec": age_sec})
    ]


def is_taken_in(connection: Connection, recording_id: UUID) -> bool:
    """True if a worker is ingesting the recording at this moment."""
    row = connection.execute(SQL["taken_in"], {"id": recording_id}).fetchone()
    return row is not None and not row["free"]


def send_again(connection: Connection, found: OpenRequest) -> dict[str, Any] | None:
    """The request to publish again, unless it was touched since it was found."""
    if (
        connection.execute(
            SQL["send_again"], found.model_dump(include={"id", "ingest_sent_at"})
        ).rowcount
        == 0
    ):
        return None
    return {**found.request, "recording_id": str(found.id)}


def restart(
    connection: Connection, recording_id: UUID, uri: str | None = None
) -> dict[str, Any] | None:
    """Reopens a recording that failed for an unavailable dependency before it was decoded, and
    returns the request to publish; None for any other. ``uri``: present location of its audio."""
    args = {"id": recording_id, "uri": uri, "codes": list(SURROUNDINGS)}
    row = connection.execute(SQL["restart"], args).fetchone()
    return {**row["request"], "recording_id": str(recording_id)} if row else None


def restartable(connection: Connection, recording_id: UUID | None = None) -> dict[UUID, str]:
    """Recordings that ``restart`` would open, oldest first, and the URIs of their audio; only that
    one, if it is one."""
    rows = connection.execute(SQL["restartable"], {"codes": list(SURROUNDINGS), "id": recording_id})
    return {row["id"]: row["uri"] for row in rows}


def enders(connection: Connection, recording_id: UUID, sha256: str) -> int:
    """Number of other recordings under which the same content ended every worker that decoded
    it."""
    row = connection.execute(SQL["enders"], {"id": recording_id, "sha256": sha256}).fetchone()
    return int(row["recordings"]) if row else 0
