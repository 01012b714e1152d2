"""A report is computed without a lock: what may happen to its recording between reading and
closing."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from uuid import UUID

import psycopg
import pytest

from earshot.analysis.errors import Permanent
from earshot.analysis.findings import SceneFindings
from earshot.analysis.outcome import Outcome, Skipped, Succeeded
from earshot.analysis.report.report import Report, build_report
from earshot.analysis.types import ChunkKey
from earshot.pipeline.finalize import finalize
from earshot.storage.postgres import db, ledger, recordings, reports, rounds, tombstones
from earshot.storage.postgres.db import Connection
from earshot.storage.postgres.ledger import Staged
from earshot.storage.postgres.reports import Merged
from tests.integration.rows import planned

pytestmark = pytest.mark.integration

SILENT = Skipped(reason="no_speech")


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection]:
    with db.connect(database_url) as opened:
        yield opened


def scene(label: str) -> Outcome:
    found = SceneFindings(label=label, confidence=1.0, scores={label: 1.0}, intervals=())
    return Succeeded(findings=found.model_dump(mode="json"), classification=found.classification())


def dispatched(connection: Connection, recording_id: UUID) -> list[ChunkKey]:
    return [
        ChunkKey(recording_id=recording_id, index=row["index"], round=row["round"])
        for row in ledger.take_pending(connection, recording_id)
    ]


def merge(
    connection: Connection, keys: list[ChunkKey], outcome: Outcome, release: str = "scene-1"
) -> list[ChunkKey]:
    staged = {"scene": Staged(release=release, outcome=outcome)}
    return ledger.merge(connection, dict.fromkeys(keys, staged))


def complete(connection: Connection, chunks: int = 1) -> UUID:
    """A recording that waits to be finalized."""
    recording_id = planned(connection, ["scene"], chunks)
    merge(connection, dispatched(connection, recording_id), SILENT)
    return recording_id


def computed(connection: Connection, recording_id: UUID) -> tuple[Merged, Report]:
    """As far as ``finalize`` comes without a lock."""
    merged = reports.read(connection, recording_id)
    assert merged is not None
    return merged, build_report(merged.info(), merged.parts())


def stands(connection: Connection, recording_id: UUID) -> tuple[str, int]:
    recording = recordings.get(connection, recording_id)
    assert recording is not None
    return recording.state, recording.round


def releases(connection: Connection, recording_id: UUID) -> Any:
    body = recordings.report(connection, recording_id)
    assert body is not None
    return body["releases"]["scene"]


def closings(connection: Connection, recording_id: UUID) -> list[int]:
    """Rounds of the events that say that the recording is closed."""
    rows = connection.execute(
        "SELECT body FROM outbox WHERE recording_id = %s"
        " AND body ->> 'type' IN ('recording.completed', 'recording.failed') ORDER BY seq",
        (recording_id,),
    )
    return [row["body"]["round"] for row in rows]


def test_a_report_is_computed_without_a_lock(database_url: str, connection: Connection) -> None:
    recording_id = complete(connection)
    computed(connection, recording_id)
    with db.connect(database_url) as other, other.transaction():
        for table, column in (("recording", "id"), ("chunk", "recording_id")):
            query = f"SELECT 1 FROM {table} WHERE {column} = %s FOR UPDATE NOWAIT"
            assert other.execute(query.encode(), (recording_id,)).fetchone() is not None


def test_the_report_is_of_one_moment(database_url: str, connection: Connection) -> None:
    """What is committed while the evidence is read is not in it."""
    recording_id = complete(connection)
    with db.connect(database_url) as reader, ThreadPoolExecutor() as pool:
        with db.connect(database_url) as holder, holder.transaction():
            # The reader gets its snapshot, and waits for the last table that it reads.
            holder.execute("LOCK TABLE finding IN ACCESS EXCLUSIVE MODE")
            reading = pool.submit(reports.read, reader, recording_id)
            while not blocked(connection, reader):
                assert not reading.done()
            holder.execute(
                "UPDATE finding SET release = 'scene-2' WHERE recording_id = %s", (recording_id,)
            )
            holder.execute("UPDATE recording SET round = 7 WHERE id = %s", (recording_id,))
        merged = reading.result()
    assert merged is not None
    assert merged.recording.round == 1
    assert [row["release"] for row in merged.findings] == ["scene-1"]


def blocked(connection: Connection, other: Connection) -> bool:
    """The other connection waits for a lock."""
    query = "SELECT 1 FROM pg_stat_activity WHERE pid = %s AND wait_event_type = 'Lock'"
    return connection.execute(query, (other.info.backend_pid,)).fetchone() is not None


def test_of_two_finalizers_at_once_one_closes(database_url: str, connection: Connection) -> None:
    recording_id, both_have_computed = complete(connection), Barrier(2, timeout=60)

    def close() -> bool:
        with db.connect(database_url) as own:
            merged, report = computed(own, recording_id)
            both_have_computed.wait()
            return reports.close(own, merged, report)

    with ThreadPoolExecutor() as pool:
        closed = [each.result() for each in [pool.submit(close), pool.submit(close)]]
    assert sorted(closed) == [False, True]
    assert stands(connection, recording_id) == ("complete", 1)
    assert closings(connection, recording_id) == [1]


@pytest.mark.parametrize("is_merged", [False, True])
def test_a_round_opened_meanwhile_keeps_an_old_report_out(
    connection: Connection, *, is_merged: bool
) -> None:
    recording_id = complete(connection)
    merged, report = computed(connection, recording_id)
    assert finalize(connection, recording_id)  # another finalizer was faster
    rounds.reopen(connection, recording_id, {0: {"scene"}})
    keys = dispatched(connection, recording_id)
    if is_merged:
        merge(connection, keys, scene("music"), "scene-2")
    assert not reports.close(connection, merged, report)
    assert stands(connection, recording_id) == ("analyzing", 2)
    assert closings(connection, recording_id) == [1]
    if not is_merged:
        assert not finalize(connection, recording_id)
        merge(connection, keys, scene("music"), "scene-2")
    assert finalize(connection, recording_id)
    assert closings(connection, recording_id) == [1, 2]
    assert releases(connection, recording_id) == ["scene-2"]


def test_a_report_that_fails_late_fails_no_later_round(connection: Connection) -> None:
    recording_id = complete(connection)
    assert finalize(connection, recording_id)
    rounds.reopen(connection, recording_id, {0: {"scene"}})
    error = Permanent("report_failed", "no report can be made of the findings")
    assert not recordings.fail(connection, recording_id, error, ("analyzing",), of_round=1)
    assert stands(connection, recording_id) == ("analyzing", 2)
    assert recordings.fail(connection, recording_id, error, ("analyzing",), of_round=2)


def test_findings_without_a_report_close_the_recording_with_the_reason(
    connection: Connection,
) -> None:
    recording_id = planned(connection, ["scene"], 1)
    unfit = Succeeded(findings={"label": 7}, classification=None)
    merge(connection, dispatched(connection, recording_id), unfit)
    assert finalize(connection, recording_id)
    failed = recordings.get(connection, recording_id)
    assert failed is not None
    assert (failed.state, failed.error_code) == ("failed", "report_failed")
    assert closings(connection, recording_id) == [1]
    assert not finalize(connection, recording_id)


def test_a_recording_deleted_meanwhile_stays_deleted(connection: Connection) -> None:
    recording_id = complete(connection)
    merged, report = computed(connection, recording_id)
    tombstones.bury(connection, [recording_id], "asked", 0, 0)
    assert not reports.close(connection, merged, report)
    assert recordings.get(connection, recording_id) is None
    assert recordings.report(connection, recording_id) is None
    assert closings(connection, recording_id) == []


def test_a_chunk_merged_twice_changes_no_report(connection: Connection) -> None:
    recording_id = planned(connection, ["scene"], 2)
    first, second = dispatched(connection, recording_id)
    merge(connection, [first], scene("speech"))
    assert reports.read(connection, recording_id) is None
    assert not finalize(connection, recording_id)
    merge(connection, [second], scene("speech"))
    merged, report = computed(connection, recording_id)
    # delivered late, and again, with another answer
    assert merge(connection, [first, second], scene("music"), "scene-2") == []
    assert reports.close(connection, merged, report)
    assert releases(connection, recording_id) == ["scene-1"]
    assert closings(connection, recording_id) == [1]


def test_a_ledger_changed_by_hand_is_not_closed(connection: Connection) -> None:
    recording_id = complete(connection)
    merged, report = computed(connection, recording_id)
    connection.execute(
        "UPDATE chunk SET state = 'pending', merged_at = NULL, dispatched_at = NULL"
        " WHERE recording_id = %s",
        (recording_id,),
    )
    assert not reports.close(connection, merged, report)
    assert stands(connection, recording_id) == ("analyzing", 1)


def test_a_finalizer_that_dies_while_closing_closes_nothing(
    database_url: str, connection: Connection
) -> None:
    recording_id = complete(connection)

    def close_and_die() -> None:
        with db.connect(database_url) as own:
            merged, report = computed(own, recording_id)
            with own.transaction():
                assert reports.close(own, merged, report)
                own.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    with pytest.raises(psycopg.OperationalError):
        close_and_die()
    assert stands(connection, recording_id) == ("analyzing", 1)
    assert closings(connection, recording_id) == []
    assert finalize(connection, recording_id)
    assert closings(connection, recording_id) == [1]
