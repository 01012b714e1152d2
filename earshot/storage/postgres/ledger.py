"""The ledger: the state of every chunk, and the transaction that merges outcomes."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb
from pydantic import TypeAdapter

from earshot.analysis import events
from earshot.analysis.findings import Published
from earshot.analysis.outcome import Outcome
from earshot.analysis.types import ChunkKey, Frozen
from earshot.storage import outbox
from earshot.storage.merged import Answer, classification_events, counts, finding
from earshot.storage.postgres import dead_letters
from earshot.storage.postgres.db import Connection
from earshot.storage.postgres.queries import queries

SQL = queries("ledger")
PUBLISHED: TypeAdapter[Published] = TypeAdapter(Published)


class Staged(Frozen):
    """An outcome between a worker and the merge."""

    release: str
    outcome: Outcome
    worker: str | None = None
    """For a dead letter: the last worker that died on it."""


UNSTATED = {"wanted", "releases"}
"""Fields of ``OnItsWay`` that no statement takes."""


class OnItsWay(ChunkKey):
    """A chunk that was dispatched and is not merged."""

    attempts: int
    """Number of dispatches."""
    wanted: frozenset[str]
    dispatched_at: datetime
    releases: dict[str, str] | None = None
    """Analysis to the release that was dispatched, where that is noted."""

    @property
    def key(self) -> ChunkKey:
        return ChunkKey(recording_id=self.recording_id, index=self.index, round=self.round)


def take_pending(
    connection: Connection, recording_id: UUID, releases: Mapping[str, str] | None = None
) -> list[dict[str, Any]]:
    """Marks the pending chunks of the recording as dispatched and returns them in order; the caller
    must publish them.

    Args:
        releases: analysis to the name of the release that its jobs carry; answers of another one
            are not merged. Those of an analysis that is absent are, by any.
    """
    args = {"recording_id": recording_id, "releases": Jsonb(dict(releases or {}))}
    rows = connection.execute(SQL["take_pending"], args).fetchall()
    return sorted(rows, key=lambda row: row["index"])


def note_release(
    connection: Connection,
    recording_id: UUID,
    rows: Sequence[dict[str, Any]],
    analysis: str,
    release: str,
) -> None:
    """Adds the release of an analysis to chunks taken together."""
    taken = {"indexes": [row["index"] for row in rows], "dispatched_at": rows[0]["dispatched_at"]}
    args = {"recording_id": recording_id, "analysis": analysis, "release": release, **taken}
    connection.execute(SQL["note_release"], args)


def give_back(connection: Connection, recording_id: UUID, rows: Sequence[dict[str, Any]]) -> None:
    """Undoes ``take_pending`` for rows that could not be published, unless they have changed
    since."""
    if rows:
        taken = {
            "indexes": [row["index"] for row in rows],
            "dispatched_at": rows[0]["dispatched_at"],
        }
        connection.execute(SQL["give_back"], {"recording_id": recording_id, **taken})


def pull_back(connection: Connection) -> int:
    """Resets dispatch times in the future, caused by a clock that was set back, to now; returns the
    number of chunks."""
    return connection.execute(SQL["pull_back"]).rowcount


def on_their_way(connection: Connection, age_sec: float) -> list[OnItsWay]:
    """Unmerged chunks that were dispatched at least ``age_sec`` ago, oldest first."""
    return [
        OnItsWay.model_validate(row)
        for row in connection.execute(SQL["on_their_way"], {"age_sec": age_sec})
    ]


def release(connection: Connection, found: OnItsWay) -> bool:
    """Makes a chunk pending again, unless it has changed since it was read."""
    return connection.execute(SQL["release"], found.model_dump(exclude=UNSTATED)).rowcount == 1


def count_again(connection: Connection, found: OnItsWay) -> bool:
    """Counts an attempt without a dispatch, unless the chunk has changed since it was read."""
    return connection.execute(SQL["count_again"], found.model_dump(exclude=UNSTATED)).rowcount == 1


def unmerged(connection: Connection) -> int:
    """Number of chunks that wait for their analyses or for their merge."""
    return _count(connection, "unmerged")


def waiting_requests(connection: Connection) -> int:
    """Number of recordings that are not cut into chunks yet."""
    return _count(connection, "waiting_requests", "waiting")


def undispatched(connection: Connection) -> set[UUID]:
    """Recordings with pending chunks."""
    return {row["recording_id"] for row in connection.execute(SQL["undispatched"])}


def unfinalized(connection: Connection) -> list[UUID]:
    """Open recordings whose chunks are all merged."""
    return [row["id"] for row in connection.execute(SQL["unfinalized"])]


def merge(
    connection: Connection, outcomes: Mapping[ChunkKey, Mapping[str, Staged]]
) -> list[ChunkKey]:
    """Writes findings, events, dead letters and the new state of the chunks in one transaction.
    Chunks that are already merged, in another round, or lack an outcome of the release that they
    were dispatched with are skipped, so that a batch delivered twice is merged once. Returns the
    chunks merged now."""
    merged: list[ChunkKey] = []
    with connection.transaction():
        findings: list[dict[str, Any]] = []
        new_events: list[events.Event] = []
        letters: list[dict[str, Any]] = []
        rows = _lock_unmerged(connection, list(outcomes))
        before = _answers(connection, list(outcomes))
        for row in rows:
            key = ChunkKey.model_validate({name: row[name] for name in ChunkKey.model_fields})
            if not _answered(row, outcomes[key]):
                continue
            merged.append(key)
            for analysis in row["wanted"]:
                staged = outcomes[key][analysis]
                told = before.get((key.recording_id, key.index, analysis))
                findings.append(finding(key, analysis, staged.release, staged.outcome))
                new_events += classification_events(
                    row, key, analysis, staged.release, staged.outcome, told
                )
                letters += dead_letters.letters(
                    key, row["attempts"], analysis, staged.release, staged.outcome, staged.worker
                )
        cursor = connection.cursor()
        cursor.executemany(SQL["put_finding"], findings)
        outbox.add(connection, new_events)
        dead_letters.add(connection, letters)
        cursor.executemany(
            SQL["mark_merged"],
            [key.model_dump(include={"recording_id", "index"}) for key in merged],
        )
    return merged


def _answered(row: Mapping[str, Any], outcomes: Mapping[str, Staged]) -> bool:
    """True if there is an outcome of every wanted analysis, by the release that the chunk was
    dispatched with: a job from before a promotion may end after it."""
    return all(
        analysis in outcomes and counts(row["releases"], analysis, outcomes[analysis].release)
        for analysis in row["wanted"]
    )


def still_open(connection: Connection, keys: Sequence[ChunkKey]) -> set[ChunkKey]:
    """The chunks among these that are not merged yet in the given round."""
    return {
        ChunkKey.model_validate(row)
        for row in connection.execute(SQL["still_open"], _columns(keys))
    }


def _lock_unmerged(connection: Connection, keys: Sequence[ChunkKey]) -> list[dict[str, Any]]:
    return connection.execute(SQL["lock_unmerged"], _columns(keys)).fetchall()


def _answers(
    connection: Connection, keys: Sequence[ChunkKey]
) -> dict[tuple[UUID, int, str], Answer]:
    """Answers of earlier rounds. Call it while holding the locks of the chunks."""
    rows = connection.execute(SQL["answers"], _columns(keys))
    return {
        (row["recording_id"], row["index"], row["analysis"]): (
            row["release"],
            PUBLISHED.validate_python(row["answer"]),
        )
        for row in rows
    }


def _columns(keys: Sequence[ChunkKey]) -> dict[str, list[Any]]:
    columns = {"recordings": "recording_id", "indexes": "index", "rounds": "round"}
    return {plural: [getattr(key, column) for key in keys] for plural, column in columns.items()}


def all_merged(connection: Connection, recording_id: UUID) -> bool:
    """True if every chunk of the recording is merged."""
    row = connection.execute(SQL["all_merged"], {"id": recording_id}).fetchone()
    return bool(row and row["all_merged"])


def ready(connection: Connection, recordings: Iterable[UUID]) -> dict[UUID, bool]:
    """The existing recordings among these; True for each that is complete and not finalized yet."""
    rows = connection.execute(SQL["ready"], {"ids": list(recordings)})
    return {row["id"]: row["ready"] for row in rows}


def transcribed(connection: Connection, recordings: Iterable[UUID]) -> list[UUID]:
    """The recordings among these of which only the transcript is pending."""
    rows = connection.execute(SQL["transcribed"], {"ids": list(recordings)})
    return [row["id"] for row in rows]


def closed_with_transcript(connection: Connection, recordings: Iterable[UUID]) -> dict[UUID, int]:
    """The closed ones of the recordings that have analyses of the transcript, with their round."""
    rows = connection.execute(SQL["closed_with_transcript"], {"ids": list(recordings)})
    return {row["id"]: row["round"] for row in rows}


def _count(connection: Connection, query: str, column: str | None = None) -> int:
    row = connection.execute(SQL[query]).fetchone()
    return int(row[column or query]) if row else 0
