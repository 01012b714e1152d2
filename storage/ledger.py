"""The ledger: which chunks are on their way, which are merged, and the one transaction that merges them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from analysis import events
from analysis.outcome import Outcome, Succeeded
from analysis.types import ChunkKey, Frozen
from storage import outbox
from storage.db import Connection
from storage.queries import queries

SQL = queries("ledger")


class Staged(Frozen):
    """One outcome on its way from a worker to the merge."""

    release: str
    outcome: Outcome


class Overdue(ChunkKey):
    """A chunk whose chord should have come back by now."""

    attempts: int
    analyses: tuple[str, ...]
    """Asked for by the recording, of either scope."""
    dispatched_at: datetime
    age_sec: float

    @property
    def key(self) -> ChunkKey:
        return ChunkKey(recording_id=self.recording_id, index=self.index)


def take_pending(connection: Connection, recording_id: UUID) -> list[dict[str, Any]]:
    """Marks the recording's pending chunks as dispatched and returns them in order; the caller must publish them."""
    rows = connection.execute(SQL["take_pending"], {"recording_id": recording_id}).fetchall()
    return sorted(rows, key=lambda row: row["index"])


def give_back(connection: Connection, recording_id: UUID, indexes: Sequence[int]) -> None:
    """Undoes ``take_pending`` for chunks that could not be published."""
    connection.execute(SQL["give_back"], {"recording_id": recording_id, "indexes": list(indexes)})


def overdue(connection: Connection, lease_sec: float) -> list[Overdue]:
    """Chunks that were dispatched longer ago than the lease and are not merged, the oldest first, at most 1000."""
    return [Overdue.model_validate(row) for row in connection.execute(SQL["overdue"], {"lease_sec": lease_sec})]


def release(connection: Connection, found: Overdue) -> None:
    """Makes an overdue chunk pending again, unless it has moved since it was found."""
    connection.execute(SQL["release"], found.model_dump())


def undispatched(connection: Connection) -> set[UUID]:
    """Recordings with chunks that nobody is dispatching."""
    return {row["recording_id"] for row in connection.execute(SQL["undispatched"])}


def unfinalized(connection: Connection) -> list[UUID]:
    """Recordings whose chunks are all merged but which are still open."""
    return [row["id"] for row in connection.execute(SQL["unfinalized"])]


def merge(connection: Connection, outcomes: Mapping[ChunkKey, Mapping[str, Staged]]) -> int:
    """Writes findings, events and the chunks' new state in one transaction. Chunks that are merged already are left alone, so
    a batch that comes twice is merged once. Returns how many chunks were merged now."""
    keys = list(outcomes)
    wanted = {"recordings": [key.recording_id for key in keys], "indexes": [key.index for key in keys]}
    with connection.transaction():
        rows = connection.execute(SQL["lock_unmerged"], wanted).fetchall()
        findings: list[dict[str, Any]] = []
        told: list[events.Event] = []
        for row in rows:
            key = ChunkKey(recording_id=row["recording_id"], index=row["index"])
            for analysis, staged in outcomes[key].items():
                findings.append(_finding(key, analysis, staged))
                if isinstance(staged.outcome, Succeeded) and staged.outcome.classification is not None:
                    answer = staged.outcome.classification
                    span = (row["start_ms"], row["end_ms"])
                    told.append(events.classification(key.recording_id, key.index, *span, analysis, staged.release, answer))
        cursor = connection.cursor()
        cursor.executemany(SQL["add_finding"], findings)
        outbox.add(connection, told)
        cursor.executemany(SQL["mark_merged"], [{"recording_id": row["recording_id"], "index": row["index"]} for row in rows])
    return len(rows)


def all_merged(connection: Connection, recording_id: UUID) -> bool:
    """True when no chunk of the recording is still on its way."""
    row = connection.execute(SQL["all_merged"], {"id": recording_id}).fetchone()
    return bool(row and row["all_merged"])


def _finding(key: ChunkKey, analysis: str, staged: Staged) -> dict[str, Any]:
    return {
        "recording_id": key.recording_id,
        "chunk_index": key.index,
        "analysis": analysis,
        "release": staged.release,
        "status": staged.outcome.status,
        "outcome": Jsonb(staged.outcome.model_dump(mode="json")),
    }
