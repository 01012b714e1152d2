"""Dispatch and the transcripts that it writes: what fails while it publishes, and what becomes of
transcripts."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from uuid import UUID, uuid4

import psycopg
import pytest

from cli.localstack import waiting
from earshot.analysis.errors import Forbidden, OutOfTime, Unavailable
from earshot.analysis.outcome import Outcome, Skipped, Succeeded
from earshot.analysis.types import TRANSCRIPT, Batch, ChunkKey, Job
from earshot.audio.store import transcripts
from earshot.audio.store.layout import local_path
from earshot.pipeline import deletion
from earshot.pipeline.dispatch import dispatch
from earshot.pipeline.finalize import finalize
from earshot.pipeline.merge import merge_outcomes
from earshot.pipeline.repair import repair
from earshot.settings import settings
from earshot.storage.postgres import db, ledger, recordings, rounds
from earshot.storage.postgres.db import Connection
from earshot.storage.postgres.ledger import Staged
from earshot.storage.redis import client as redis
from earshot.storage.redis import refused
from tasks.messages import known
from tests.integration.rows import planned
from tests.integration.stores.test_submit import Published

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("own_settings")]

SILENT = Skipped(reason="no_speech")
UNFIT = Succeeded(findings={"label": 7}, classification=None)


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection]:
    with db.connect(database_url) as opened:
        yield opened


def merged(connection: Connection, recording_id: UUID, outcome: Outcome) -> None:
    """Merges everything of the recording that is pending, but for its transcript."""
    keys = [
        ChunkKey(recording_id=recording_id, index=row["index"], round=row["round"])
        for row in ledger.take_pending(connection, recording_id)
    ]
    staged = {"scene": Staged(release="scene-1", outcome=outcome)}
    assert ledger.merge(connection, dict.fromkeys(keys, staged)) == keys


def transcribed(connection: Connection, outcome: Outcome = SILENT) -> UUID:
    """A recording in its second round, of which the transcript alone is pending."""
    recording_id = planned(connection, ["scene"], 1)
    merged(connection, recording_id, outcome)
    assert finalize(connection, recording_id)
    rounds.reopen(connection, recording_id, {TRANSCRIPT: {"scene"}})
    return recording_id


def jobs(publisher: Published, recording_id: UUID) -> list[Job]:
    found = [Job.model_validate(call.argument) for header, _ in publisher.chords for call in header]
    return [job for job in found if job.chunks[0].recording_id == recording_id]


def attempts(connection: Connection, recording_id: UUID) -> list[int]:
    """Of the chunks that are pending, this one included."""
    return [row["attempts"] for row in ledger.take_pending(connection, recording_id)]


@contextmanager
def out_of_time(database_url: str, table: str, blocked: Connection) -> Iterator[None]:
    """A time limit that strikes this process while the connection waits for the table."""
    query = "SELECT 1 FROM pg_stat_activity WHERE pid = %s AND wait_event_type = 'Lock'"
    process_id = blocked.info.backend_pid

    def strike() -> None:
        with db.connect(database_url) as other:
            waiting.until(
                lambda: other.execute(query, (process_id,)).fetchone() is not None, 60, "the lock"
            )
        os.kill(os.getpid(), signal.SIGUSR1)

    def exceeded(_number: int, _frame: FrameType | None) -> None:
        raise OutOfTime

    before = signal.signal(signal.SIGUSR1, exceeded)
    striker = threading.Thread(target=strike)
    try:
        with db.connect(database_url) as holder, holder.transaction():
            holder.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE".encode())
            striker.start()
            yield
    finally:
        striker.join()
        signal.signal(signal.SIGUSR1, before)


class Hanging(Published):
    """A publisher whose Redis takes so long to refuse that the caller's connection is lost."""

    def __init__(self, database_url: str, used: Connection) -> None:
        super().__init__(refuses=True)
        self._database_url, self._process_id = database_url, used.info.backend_pid

    def _check(self) -> None:
        with db.connect(self._database_url) as other:
            other.execute("SELECT pg_terminate_backend(%s, 60000)", (self._process_id,))
        super()._check()


def test_chunks_are_pending_again_though_the_connection_is_lost(
    database_url: str, connection: Connection
) -> None:
    recording_id = planned(connection, ["scene"], 2)
    own = db.connect(database_url)
    with pytest.raises(Unavailable) as caught:
        dispatch(own, Hanging(database_url, own), recording_id)
    with pytest.raises(psycopg.OperationalError):
        own.execute("SELECT 1")
    assert caught.value.code == "redis_away"
    assert attempts(connection, recording_id) == [1, 1]


def test_a_transcript_that_cannot_be_made_is_an_outcome(connection: Connection) -> None:
    recording_id, publisher = transcribed(connection, UNFIT), Published()
    assert dispatch(connection, publisher, recording_id) == 1
    [(header, (task, argument))] = publisher.chords
    assert (header, task) == ([], "merge.whole")
    merge_outcomes(Batch.model_validate(argument), publisher)
    assert [call.task for call in publisher.calls] == ["finalize.recording"]
    row = connection.execute(
        "SELECT outcome FROM finding WHERE recording_id = %s AND chunk_index = %s",
        (recording_id, TRANSCRIPT),
    ).fetchone()
    assert row is not None
    assert row["outcome"]["code"] == "transcript_failed"


def test_a_time_limit_is_no_failure_of_the_transcript(
    database_url: str, connection: Connection
) -> None:
    recording_id, publisher = transcribed(connection), Published()
    own = db.connect(database_url)
    with pytest.raises(OutOfTime), out_of_time(database_url, "finding", own):
        dispatch(own, publisher, recording_id)
    own.close()
    assert publisher.chords == []
    assert attempts(connection, recording_id) == [1]


def test_a_time_limit_is_no_failure_of_the_report(
    database_url: str, connection: Connection
) -> None:
    recording_id = planned(connection, ["scene"], 1)
    merged(connection, recording_id, SILENT)
    own = db.connect(database_url)
    with pytest.raises(OutOfTime), out_of_time(database_url, "report", own):
        finalize(own, recording_id)
    own.close()
    found = recordings.get(connection, recording_id)
    assert found is not None
    assert found.state == "analyzing"
    assert finalize(connection, recording_id)


def test_rights_that_are_revoked_for_a_while_are_no_failure_of_the_transcript(
    database_url: str, connection: Connection
) -> None:
    recording_id, publisher, role = transcribed(connection), Published(), f"role_{uuid4().hex}"
    with db.connect(database_url) as own:
        for statement in (
            "CREATE ROLE {}",
            "GRANT ALL ON ALL TABLES IN SCHEMA public TO {}",
            "REVOKE ALL ON finding FROM {}",
            "SET ROLE {}",
        ):
            own.execute(statement.format(role).encode())
        with pytest.raises(Unavailable, match="permission denied"):
            dispatch(own, publisher, recording_id)
        own.execute("RESET ROLE")
        own.execute(f"DROP OWNED BY {role}".encode())
        own.execute(f"DROP ROLE {role}".encode())
    assert publisher.chords == []
    assert attempts(connection, recording_id) == [1]


def test_upkeep_dispatches_a_transcript_whose_merger_died(connection: Connection) -> None:
    recording_id, publisher = transcribed(connection), Published()
    assert recording_id in ledger.undispatched(connection)
    assert repair(publisher, None).recordings_dispatched
    [job] = jobs(publisher, recording_id)
    assert [(ref.index, ref.round) for ref in job.chunks] == [(TRANSCRIPT, 2)]
    [turn] = transcripts.get(job.chunks[0].transcript_uri or "").turns
    assert (turn.start_ms, turn.end_ms) == (10, 20)


def test_a_job_names_no_transcript_but_its_recordings(
    connection: Connection, tmp_path: Path
) -> None:
    recording_id, publisher, client = transcribed(connection), Published(), redis.client()
    dispatch(connection, publisher, recording_id)
    [job] = jobs(publisher, recording_id)
    [ref] = job.chunks
    audio = f"{settings().store_url}/recordings/{recording_id}/16000.pcm"
    before = refused.counts(client).get("foreign_audio", 0)
    wrong = (
        f"file://{tmp_path}/secret.json",
        f"{ref.transcript_uri}/../../../../secret.json",
        (ref.transcript_uri or "").replace(str(recording_id), str(uuid4())),
        "s3://calls/2.transcript.json",
    )
    for uri in (ref.transcript_uri, *wrong):
        named = ref.model_copy(update={"audio_uri": audio, "transcript_uri": uri})
        one = job.model_copy(update={"chunks": (named,)})
        if uri == ref.transcript_uri:
            known.check(client, one)
        else:
            with pytest.raises(Forbidden, match="is not in"):
                known.check(client, one)
    assert refused.counts(client)["foreign_audio"] == before + len(wrong)


def test_a_transcript_is_deleted_with_its_recording(connection: Connection) -> None:
    recording_id, publisher = transcribed(connection), Published()
    dispatch(connection, publisher, recording_id)
    [job] = jobs(publisher, recording_id)
    path = local_path(job.chunks[0].transcript_uri or "")
    assert path is not None
    assert path.is_file()
    assert deletion.delete(connection, [recording_id], "asked") == {}
    assert not path.parent.exists()
