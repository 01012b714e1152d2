"""What must not grow, not count, or not hold up the rest: patience is used up by its own trouble
alone."""

import time
from collections.abc import Iterator
from uuid import uuid4

import pytest
from celery import Celery
from redis import Redis

from cli.localstack import waiting
from earshot.analysis.outcome import Failed, Succeeded
from earshot.analysis.request import IngestRequest
from earshot.analysis.types import Batch, ChunkKey
from earshot.settings import PROJECT
from earshot.storage import staging
from earshot.storage.postgres import db, dead_letters, ledger, recordings
from earshot.storage.postgres.db import Connection
from earshot.storage.postgres.ledger import Staged
from earshot.storage.redis import claims, presence
from earshot.storage.redis.presence import Worker
from tests.integration.enqueue import enqueue
from tests.integration.rows import planned
from tests.servers import Stack

pytestmark = pytest.mark.integration

DEMO = PROJECT / "demo" / "call.ogg"
SAID = Staged(release="r1", outcome=Succeeded(findings={"pace": 1}))


@pytest.fixture
def connection(stage: Stack) -> Iterator[Connection]:
    with db.connect(stage.database_url) as opened:
        yield opened


@pytest.fixture
def redis(stage: Stack) -> Redis:
    return Redis.from_url(stage.redis_url)


def dispatched(connection: Connection, analysis: str, chunks: int = 1) -> list[ChunkKey]:
    """A recording whose chunks were sent to that analysis ten minutes ago."""
    recording_id = planned(connection, [analysis], chunks)
    ledger.take_pending(connection, recording_id)
    connection.execute("UPDATE chunk SET dispatched_at = now() - interval '10 minutes'")
    return [ChunkKey(recording_id=recording_id, index=index) for index in range(chunks)]


def test_closing_is_not_asked_for_again_while_it_waits(
    stage: Stack, connection: Connection, redis: Redis
) -> None:
    for _ in range(3):
        [key] = dispatched(connection, "pace")
        ledger.merge(connection, {key: {"pace": SAID}})
    for _ in range(3):
        assert stage.earshot("repair").returncode == 0
    assert redis.llen("finalize") == 3


def test_an_analysis_that_is_gone_is_said_and_holds_up_nobody(
    stage: Stack, connection: Connection
) -> None:
    [gone] = dispatched(connection, "vanished")
    reply = enqueue_demo(stage)
    assert "vanished" in stage.earshot("doctor", "--stuck").stdout
    with stage.workers("all", "ingest", "merge", "finalize", "upkeep", "scene"):
        assert stage.earshot("repair").returncode == 0
        assert stage.wait_finished(str(gone.recording_id)) == "partial"
        assert stage.wait_finished(reply) == "complete"
    report = recordings.report(connection, gone.recording_id)
    assert report is not None
    assert [each["code"] for each in report["missing"]] == ["unknown_analysis"]


def test_what_cannot_be_stored_is_given_up_in_the_end(
    stage: Stack, connection: Connection, redis: Redis
) -> None:
    [key] = dispatched(connection, "pace")
    unfit = Staged(release="r1", outcome=Succeeded(findings={"text": "\x00"}))
    staging.put(redis, "pace", {key: unfit}, 60)
    connection.execute("UPDATE chunk SET attempts = 9")
    assert "1 merges sent again" in stage.earshot("repair").stdout
    connection.execute("UPDATE chunk SET dispatched_at = now() - interval '10 minutes'")
    redis.delete("merge")
    assert "1 chunks abandoned" in stage.earshot("repair").stdout
    [letter] = dead_letters.listed(connection)
    assert (letter.code, letter.analysis) == ("gave_up", "pace")
    assert "cannot be stored" in letter.reason


def test_a_merge_that_comes_again_leaves_nothing_said_in_redis(
    stage: Stack, connection: Connection, redis: Redis
) -> None:
    keys = dispatched(connection, "pace", chunks=2)
    staging.put(redis, "pace", {keys[0]: SAID}, 60)
    ledger.merge(connection, staging.get(redis, keys))  # and dies before it can settle
    batch = Batch(batch_id=uuid4(), chunks=tuple(keys))
    staging.put(redis, "pitch", {keys[1]: SAID}, 60)  # not all that it waits for
    Celery(broker=stage.redis_url).send_task(
        "merge.batch", [batch.model_dump(mode="json")], queue="merge"
    )
    with stage.workers("merge", "merge"):
        waiting.until(
            lambda: claims.look(redis, {keys[0]: ["pace"]})[keys[0]]["pace"].merged, 30, "the mark"
        )
    assert staging.get(redis, keys) == {keys[0]: {}, keys[1]: {"pitch": SAID}}


def test_what_another_version_has_written_counts_as_absent(redis: Redis) -> None:
    key = ChunkKey(recording_id=uuid4(), index=0)
    redis.hset(
        staging.key(key), mapping={"outcome:pace": '{"of": "another version"}', "claim:pace": "?"}
    )
    assert staging.get(redis, [key]) == {key: {}}
    stand = claims.look(redis, {key: ["pace"]})[key]["pace"]
    assert (stand.release, stand.claim) == (None, None)


@pytest.mark.parametrize(("left", "state"), [(True, "complete"), (False, "failed")])
def test_an_orderly_stop_is_no_death_of_a_decode(
    stage: Stack, connection: Connection, redis: Redis, left: bool, state: str
) -> None:
    """As if three deploys, or three crashes, had come in mid-decode."""
    recording_id, now = uuid4(), time.time()
    before = Worker(
        incarnation="w0",
        node="ingest@before",
        queues=("ingest",),
        children=(1,),
        since=now,
        seen=now,
        left=left,
    )
    if left:
        presence.announce(redis, before, 3600)
    request = IngestRequest(uri=stage.offer(DEMO), analyses=("scene",))
    recordings.register(connection, recording_id, request, ["scene"], "en")
    connection.execute(
        "UPDATE recording SET state = 'ingesting', ingest_attempts = 3, ingest_worker = 'w0'"
    )
    with stage.workers("all", "ingest", "merge", "finalize", "scene"):
        enqueue(stage, {**request.model_dump(mode="json"), "recording_id": str(recording_id)})
        assert stage.wait_finished(str(recording_id)) == state
    recording = recordings.get(connection, recording_id)
    assert recording is not None
    assert recording.error_code == (None if left else "gave_up")


def test_waiting_for_room_does_not_use_up_the_patience_with_a_source(
    stage: Stack, connection: Connection
) -> None:
    """A request that was put off fifty times meets its first trouble, and waits for it to pass."""
    stage.settings |= {"ROOTS": '["http://127.0.0.1:9/"]', "INTERNAL_HOSTS": '["127.0.0.1:9"]'}
    recording_id = uuid4()
    request = {"uri": "http://127.0.0.1:9/call.wav", "recording_id": str(recording_id)}
    Celery(broker=stage.redis_url).send_task(
        "ingest.recording", [request], queue="ingest", retries=50
    )
    waits = (
        "SELECT id FROM recording WHERE id = %s AND state = 'ingesting' AND waits_for ="
        " 'source_unavailable'"
    )
    with stage.workers("ingest", "ingest"):
        assert waiting.became(
            lambda: connection.execute(waits, [recording_id]).fetchone() is not None, 30
        )


def enqueue_demo(stage: Stack) -> str:
    recording_id = uuid4()
    request = {"uri": stage.offer(DEMO), "analyses": ["scene"], "recording_id": str(recording_id)}
    Celery(broker=stage.redis_url).send_task("ingest.recording", [request], queue="ingest")
    with db.connect(stage.database_url) as connection:
        recordings.register(
            connection, recording_id, IngestRequest.model_validate(request), ["scene"], "en"
        )
    return str(recording_id)


def test_a_failure_code_tells_a_death_from_a_failure() -> None:
    key = ChunkKey(recording_id=uuid4(), index=0)
    for code, letters in (("worker_lost", 1), ("gave_up", 1), ("timeout", 0), ("quarantined", 0)):
        assert (
            len(dead_letters.letters(key, 3, "pace", "r1", Failed(code=code, detail="x"), None))
            == letters
        )
