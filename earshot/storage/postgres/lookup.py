"""Finds recordings: by the beginning of an id, the latest, by state and time, by content; and what
is known about a number of them."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from earshot.analysis.errors import SURROUNDINGS, Permanent
from earshot.analysis.request import DEFAULT_TENANT
from earshot.analysis.states import RecordingState
from earshot.analysis.types import Frozen
from earshot.storage.postgres import tombstones
from earshot.storage.postgres.db import Connection
from earshot.storage.postgres.queries import queries

SQL = queries("recordings")


class Stored(Frozen):
    """A recording with the content of a file."""

    id: UUID
    state: RecordingState
    sha256: str
    request: dict[str, Any]
    language: str
    file_name: str
    error_code: str | None
    error_detail: str | None


class FailedParts(Frozen):
    """How many chunks an analysis failed on, with one code."""

    analysis: str
    code: str
    chunks: int


def find(connection: Connection, prefix: str) -> UUID:
    """The one recording whose id starts with ``prefix``.

    Raises:
        Permanent: none or several do, or ``deleted``: the one that did was deleted.
    """
    rows = _starting(connection, prefix)
    if not rows and tombstones.find(connection, prefix) is not None:
        raise tombstones.deleted()
    if not rows:
        raise Permanent(
            "unknown_recording",
            f"no recording starts with {prefix!r}; `earshot list` shows the latest",
        )
    if len(rows) > 1:
        raise Permanent(
            "ambiguous_id", f"several recordings start with {prefix!r}; give more of the id"
        )
    return UUID(str(rows[0]["id"]))


def is_there(connection: Connection, prefix: str) -> bool:
    """Whether the id of any recording starts so."""
    return bool(_starting(connection, prefix))


def _starting(connection: Connection, prefix: str) -> list[dict[str, Any]]:
    return connection.execute(
        SQL["find"], {"prefix": prefix.lower().replace("%", "").replace("_", "")}
    ).fetchall()


def recent(connection: Connection, limit: int) -> list[dict[str, Any]]:
    """The latest recordings, newest first."""
    return connection.execute(SQL["recent"], {"limit": limit}).fetchall()


def matching(
    connection: Connection,
    state: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    *,
    decoded: bool = False,
) -> list[UUID]:
    """Closed recordings by their state and by when they were ingested, the oldest first; with
    ``decoded`` only those, and what failed for its surroundings before that."""
    codes = list(SURROUNDINGS)
    args = {"state": state, "since": since, "until": until, "decoded": decoded, "codes": codes}
    return [row["id"] for row in connection.execute(SQL["matching"], args)]


def of_content(
    connection: Connection, digests: Collection[str], tenant: str = DEFAULT_TENANT
) -> list[Stored]:
    """Recordings of these contents that were not forced, the newest first; not those whose results
    retention removed."""
    rows = connection.execute(SQL["of_content"], {"tenant": tenant, "digests": list(digests)})
    return [Stored.model_validate(row) for row in rows]


def expired(connection: Connection, recording_id: UUID) -> Literal["words", "scores"] | None:
    """What retention removed of a recording's results; ``scores`` is all of them."""
    row = connection.execute(SQL["expired"], {"id": recording_id}).fetchone()
    if row is None:
        return None
    return "scores" if row["scores"] else "words" if row["words"] else None


def lengths_ms(connection: Connection, ids: Collection[UUID]) -> dict[UUID, int]:
    """Lengths of the recordings that were decoded."""
    rows = connection.execute(SQL["lengths"], {"ids": list(ids)})
    return {row["id"]: row["duration_ms"] for row in rows}


def failed_parts(connection: Connection, ids: Collection[UUID]) -> list[FailedParts]:
    """What failed on chunks of these recordings."""
    rows = connection.execute(SQL["failed_parts"], {"ids": list(ids)})
    return [FailedParts.model_validate(row) for row in rows]
