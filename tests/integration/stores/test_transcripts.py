"""Transcripts are in the store while their recording is open, and not longer."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from earshot.analysis.errors import Permanent
from earshot.analysis.types import TRANSCRIPT, ChunkKey, Job
from earshot.audio.store import transcripts
from earshot.audio.store.layout import delete_recording
from earshot.models.checkpoints.defaults import default_release
from earshot.pipeline import orphans
from earshot.pipeline.dispatch import dispatch
from earshot.pipeline.finalize import close, finalize
from earshot.pipeline.rerun import start_round
from earshot.settings import settings
from earshot.storage import retention
from earshot.storage.postgres import db, ledger, recordings, rounds
from earshot.storage.postgres.db import Connection
from earshot.storage.postgres.ledger import Staged
from earshot.storage.redis import client as redis
from earshot.storage.redis import stream
from tasks.messages import known
from tests.integration.stores.test_dispatch import SILENT, transcribed
from tests.integration.stores.test_submit import Published

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("own_settings")]

SCENE = default_release("scene").name


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection]:
    with db.connect(database_url) as opened:
        yield opened


def folder(recording_id: UUID) -> Path:
    return Path(settings().store_url.removeprefix("file://")) / "recordings" / str(recording_id)


def stored(recording_id: UUID) -> list[str]:
    return sorted(path.name for path in folder(recording_id).iterdir())


def read(connection: Connection, recording_id: UUID, round_: int) -> None:
    """Dispatches the transcript of that round, and merges what its analysis says."""
    assert dispatch(connection, Published(), recording_id) == 1
    assert f"{round_}.transcript.json" in stored(recording_id)
    key = ChunkKey(recording_id=recording_id, index=TRANSCRIPT, round=round_)
    merged = ledger.merge(connection, {key: {"scene": Staged(release=SCENE, outcome=SILENT)}})
    assert merged == [key]


def state(connection: Connection, recording_id: UUID) -> str:
    found = recordings.get(connection, recording_id)
    assert found is not None
    return found.state


def told(recording_id: UUID) -> list[str]:
    events = stream.read(redis.client(), count=100_000)
    return [event["type"] for _, event in events if event["recording_id"] == str(recording_id)]


def test_closing_removes_it(connection: Connection) -> None:
    recording_id = transcribed(connection)
    read(connection, recording_id, 2)
    close(recording_id)
    assert state(connection, recording_id) == "complete"
    assert stored(recording_id) == []


def test_a_delivery_that_died_after_its_commit_is_made_up_for(connection: Connection) -> None:
    recording_id = transcribed(connection)
    read(connection, recording_id, 2)
    assert finalize(connection, recording_id)
    assert stored(recording_id) == ["2.transcript.json"]
    close(recording_id)
    assert stored(recording_id) == []


def test_a_report_that_fails_removes_it(connection: Connection) -> None:
    recording_id = transcribed(connection)
    read(connection, recording_id, 2)
    connection.execute(
        "UPDATE finding SET status = 'succeeded', outcome = %s"
        " WHERE recording_id = %s AND chunk_index = 0",
        ('{"status": "succeeded", "findings": {"label": 7}}', recording_id),
    )
    close(recording_id)
    assert state(connection, recording_id) == "failed"
    assert stored(recording_id) == []


def test_the_transcript_of_a_round_that_began_since_stays(connection: Connection) -> None:
    recording_id = transcribed(connection)
    read(connection, recording_id, 2)
    assert finalize(connection, recording_id)
    rounds.reopen(connection, recording_id, {TRANSCRIPT: {"scene"}})
    assert dispatch(connection, Published(), recording_id) == 1
    close(recording_id)  # a late delivery
    assert "3.transcript.json" in stored(recording_id)
    key = ChunkKey(recording_id=recording_id, index=TRANSCRIPT, round=3)
    ledger.merge(connection, {key: {"scene": Staged(release=SCENE, outcome=SILENT)}})
    close(recording_id)
    assert stored(recording_id) == []


def test_a_store_that_is_away_delays_no_event(connection: Connection) -> None:
    recording_id = transcribed(connection)
    read(connection, recording_id, 2)
    store, away = folder(recording_id).parent, folder(recording_id).parent.with_name("away")
    store.rename(away)
    store.touch()
    close(recording_id)
    assert told(recording_id)[-1] == "recording.completed"
    store.unlink()
    away.rename(store)
    assert stored(recording_id) == ["2.transcript.json"]


def test_upkeep_removes_leftovers_of_closed_recordings(connection: Connection) -> None:
    closed, open_ = transcribed(connection), transcribed(connection)
    read(connection, closed, 2)
    assert finalize(connection, closed)
    transcripts.put(settings().store_url, closed, 3, transcripts.get(_url(closed, 2)))
    dispatch(connection, Published(), open_)
    files = [path for each in (closed, open_) for path in folder(each).iterdir()]
    assert orphans.files(connection) == 0, "they are young"
    for path in files:
        os.utime(path, (time.time() - 2 * orphans.AGE_SEC,) * 2)
    assert orphans.files(connection) == 1
    assert stored(closed) == ["3.transcript.json"], "a round that was opened since is not touched"
    assert stored(open_) == ["2.transcript.json"]


def _url(recording_id: UUID, round_: int) -> str:
    return f"file://{folder(recording_id)}/{round_}.transcript.json"


def test_analyses_of_it_alone_need_no_audio(connection: Connection) -> None:
    recording_id, publisher = transcribed(connection), Published()
    read(connection, recording_id, 2)
    close(recording_id)
    with connection.transaction():
        delete_recording(settings().store_url, recording_id)
        retention.audio_expired(connection, [recording_id])
    for wanted in ({0: {"scene"}}, {0: {"scene"}, TRANSCRIPT: {"scene"}}):
        with pytest.raises(Permanent, match="was removed for its age"):
            start_round(connection, publisher, recording_id, wanted)
    assert start_round(connection, publisher, recording_id, {TRANSCRIPT: {"scene"}}) == 1
    [(header, _)] = publisher.chords
    job = Job.model_validate(header[0].argument)
    known.check(redis.client(), job)
    assert transcripts.get(job.chunks[0].transcript_uri or "").turns
