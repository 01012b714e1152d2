"""Dead letters: abandoned analyses of chunks, with the reason; kept until an operator decides."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from earshot.analysis.outcome import Failed, Outcome
from earshot.analysis.states import DeadLetterState
from earshot.analysis.types import ChunkKey, Frozen
from earshot.storage.postgres.db import Connection
from earshot.storage.postgres.queries import queries

SQL = queries("dead_letters")

WORKER_LOST = "worker_lost"
"""The workers that analysed it ended, as often as ``max_attempts`` allows."""
GAVE_UP = "gave_up"
"""Repeated dispatches returned no outcome."""
QUARANTINE_AFTER = 2
"""Number of recordings under which the same content must have ended workers before it is refused
under another one."""


class DeadLetter(Frozen):
    """One abandoned analysis of a chunk."""

    id: int
    recording_id: UUID
    tenant: str
    file_name: str
    chunk_index: int
    round: int
    start_ms: int
    end_ms: int
    analysis: str
    release: str
    code: str
    reason: str
    worker: str | None
    attempts: int
    state: DeadLetterState
    created_at: datetime


def letters(
    key: ChunkKey, attempts: int, analysis: str, release: str, outcome: Outcome, worker: str | None
) -> list[dict[str, Any]]:
    """The row to ``add`` for an outcome; none unless it is a death."""
    if not isinstance(outcome, Failed) or outcome.code not in (WORKER_LOST, GAVE_UP):
        return []
    chunk = {"recording_id": key.recording_id, "chunk_index": key.index, "round": key.round}
    failure = {
        "code": outcome.code,
        "reason": outcome.detail,
        "worker": worker,
        "attempts": attempts,
    }
    return [{**chunk, **failure, "analysis": analysis, "release": release}]


def add(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Stores letters; call it inside the transaction that merges their chunks."""
    connection.cursor().executemany(SQL["add"], rows)


def quarantined(connection: Connection, recording_id: UUID) -> set[tuple[int, str, str]]:
    """(chunk index, analysis, release) of the recording that must not be analysed, because the same
    content ended workers under ``QUARANTINE_AFTER`` other recordings. Requests of a later round are
    not affected."""
    args = {"recording_id": recording_id, "recordings": QUARANTINE_AFTER}
    return {
        (row["index"], row["analysis"], row["release"])
        for row in connection.execute(SQL["quarantined"], args)
    }


def listed(
    connection: Connection, *, closed: bool = False, after: int = 0, limit: int | None = None
) -> list[DeadLetter]:
    """Open letters, oldest first; all of them with ``closed``.

    Args:
        after: id of a letter; only later ones.
        limit: at most so many.
    """
    return _list(connection, {"all": closed, "after": after, "limit": limit, "ids": None})


def opened(connection: Connection, ids: Iterable[int]) -> list[DeadLetter]:
    """The open ones among these letters."""
    return _list(connection, {"all": False, "after": 0, "limit": None, "ids": list(ids)})


def _list(connection: Connection, args: Mapping[str, Any]) -> list[DeadLetter]:
    return [DeadLetter.model_validate(row) for row in connection.execute(SQL["list"], args)]


def discard(connection: Connection, ids: Iterable[int]) -> list[int]:
    """Closes letters permanently; their analyses stay missing. Returns those that were open."""
    return [
        row["id"]
        for row in connection.execute(
            SQL["close"], {"ids": list(ids), "state": DeadLetterState.DISCARDED}
        )
    ]


def asked_again(
    connection: Connection, recording_id: UUID, chunk_index: int, analyses: Iterable[str]
) -> None:
    """Closes the letters of repeated analyses; call it inside the transaction of the request."""
    args = {"recording_id": recording_id, "chunk_index": chunk_index, "analyses": list(analyses)}
    connection.execute(SQL["close_asked_again"], args)


def count_open(connection: Connection) -> int:
    row = connection.execute(SQL["count_open"]).fetchone()
    return int(row["open"]) if row else 0
