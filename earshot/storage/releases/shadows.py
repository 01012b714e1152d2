"""Recordings that releases in shadow are to answer, and their answers. No other part of the program
reads them: findings, reports and events are the active release's."""

from collections.abc import Iterator, Mapping
from typing import Any, Literal
from uuid import UUID

from psycopg.types.json import Jsonb

from earshot.analysis.findings import Published
from earshot.analysis.outcome import Outcome
from earshot.analysis.types import Frozen, Release
from earshot.storage.postgres.db import Connection
from earshot.storage.postgres.queries import queries

SQL = queries("shadows")
PAGE = 1000

End = Literal["done", "dropped", "failed"]


class Taken(Frozen):
    """A recording that a worker has taken for a release."""

    recording_id: UUID
    analysis: str
    release: str
    round: int
    attempts: int
    """Of workers that were lost with it, and this one's."""


class Pair(Frozen):
    """The answers of two releases to one chunk."""

    recording_id: UUID
    chunk_index: int
    start_ms: int
    end_ms: int
    status: Literal["succeeded", "skipped", "failed"]
    answer: Published | None
    reason: str | None
    """Why it was skipped."""
    code: str | None
    """Why it failed."""
    cpu_ms: float
    sound_ms: int
    other: str
    """The release that answered for the recording."""
    other_status: Literal["succeeded", "skipped", "failed"]
    other_answer: Published | None
    other_reason: str | None


def begin(connection: Connection, release: Release, share: float, costs: Mapping[str, int]) -> bool:
    """Puts a release in shadow, without the answers of an earlier shadow of it, or gives it another
    share; False if it answers. In the transaction that says why
    (``earshot.storage.postgres.releases.say``).

    Args:
        share: of the recordings.
        costs: CPU and sound of the analysis's workers so far, both in ms.
    """
    args = {"share": share, "costs": Jsonb(dict(costs)), **_named(release)}
    connection.execute(SQL["forget_earlier"], _named(release))
    return connection.execute(SQL["begin"], args).rowcount == 1


def end(connection: Connection, release: Release) -> bool:
    """Makes it a candidate again, or retired if it has answered once; False if it is not in shadow.
    In a transaction as ``begin``."""
    ended = connection.execute(SQL["end"], _named(release)).rowcount == 1
    connection.execute(SQL["forget_ended"])
    return ended


def sample(connection: Connection, most: int) -> int:
    """Notes the recordings that were finished since the last call, and drops the oldest of a
    release beyond ``most``; the number that waits."""
    with connection.transaction():
        connection.execute(SQL["hold"])
        connection.execute(SQL["forget_ended"])
        connection.execute(SQL["sample"])
        connection.execute(SQL["forget_rounds"])
        connection.execute(SQL["seen"])
        connection.execute(SQL["drop_oldest"], {"most": most})
    return waiting(connection)


def waiting(connection: Connection) -> int:
    """Number of recordings that wait for a worker, once for each release."""
    row = connection.execute(SQL["waiting"]).fetchone()
    return int(row["waiting"]) if row else 0


def take(connection: Connection, worker: str, lease_sec: float) -> Taken | None:
    """Gives the worker a recording; None if none waits."""
    row = connection.execute(SQL["take"], {"worker": worker, "lease_sec": lease_sec}).fetchone()
    return None if row is None else Taken.model_validate(row)


def put_back(connection: Connection, taken: Taken, worker: str) -> None:
    """Lets another worker, or this one later, continue the recording."""
    connection.execute(SQL["put_back"], {**taken.model_dump(), "worker": worker})


def finish(
    connection: Connection,
    taken: Taken,
    worker: str,
    state: End,
    code: str | None = None,
) -> None:
    """Closes the recording for the release; without effect if another worker has it."""
    args = {**taken.model_dump(), "worker": worker, "state": state, "code": code}
    connection.execute(SQL["finish"], args)


def unanswered(connection: Connection, taken: Taken) -> list[dict[str, Any]]:
    """Rows of the chunks that are left, in order."""
    return connection.execute(SQL["unanswered"], taken.model_dump()).fetchall()


def put(
    connection: Connection,
    taken: Taken,
    worker: str,
    row: Mapping[str, Any],
    outcome: Outcome,
    cpu_ms: float,
    lease_sec: float,
) -> bool:
    """Stores the answer to a chunk and renews the lease. False, and nothing is stored, if the
    recording was deleted, analysed again or has expired, if the release is no longer in shadow, or
    another worker has it."""
    args = {
        **taken.model_dump(exclude={"round", "attempts"}),
        "worker": worker,
        "lease_sec": lease_sec,
        "chunk_index": row["index"],
        "status": outcome.status,
        "outcome": Jsonb(outcome.model_dump(mode="json")),
        "cpu_ms": cpu_ms,
        "sound_ms": row["end_ms"] - row["start_ms"],
    }
    return connection.execute(SQL["put"], args).rowcount == 1


def counts(connection: Connection, release: Release) -> list[tuple[str, str | None, int]]:
    """State, code and number of the recordings of a release."""
    rows = connection.execute(SQL["counts"], _named(release))
    return [(row["state"], row["code"], row["recordings"]) for row in rows]


def pairs(connection: Connection, release: Release) -> Iterator[Pair]:
    """Every answer to a recording that is answered as a whole, beside that of the release that
    answered for it; page by page."""
    with connection.transaction(), connection.cursor("shadow_pairs") as cursor:
        cursor.itersize = PAGE
        for row in cursor.execute(SQL["pairs"], _named(release)):
            yield Pair.model_validate(row)


def _named(release: Release) -> dict[str, str]:
    return {"analysis": release.analysis, "name": release.name}
