"""Loss of messages, workers, audio and checkpoints: the recording is closed exactly once, and
reports missing parts."""

import os
import shutil
import signal
from collections import Counter
from typing import Any

import pytest
from psycopg.types.json import Jsonb
from redis import Redis

from cli.localstack import waiting
from earshot.analysis.types import WHOLE
from earshot.settings import PROJECT
from earshot.storage.postgres import db, ledger, recordings
from earshot.storage.redis import stream
from tests.integration.enqueue import enqueue
from tests.servers import Stack

pytestmark = pytest.mark.integration

DEMO = PROJECT / "demo" / "call.ogg"
CHEAP = ["scene", "noise", "sentiment", "emotion"]
LEASE_SEC = 8


@pytest.fixture
def stage(stage: Stack) -> Stack:
    """Leases and the reconciler's clock are short, so that a test sees in seconds what production
    sees in minutes."""
    stage.settings |= {
        "CHUNK_LEASE_SEC": str(LEASE_SEC),
        "TASK_TIME_LIMIT_SEC": str(LEASE_SEC - 1),
        "RECONCILE_EVERY_SEC": "1",
    }
    return stage


def ingested(stage: Stack, analyses: list[str]) -> str:
    """A recording that is decoded and dispatched, without a worker to analyse it."""
    with stage.workers("ingest", "ingest"):
        reply = enqueue(stage, {"uri": stage.offer(DEMO), "analyses": analyses})
    assert reply["state"] == "analyzing"
    return str(reply["recording_id"])


def report_of(stage: Stack, recording_id: str) -> dict[str, Any]:
    with db.connect(stage.database_url) as connection:
        report = recordings.report(connection, recording_id)
    assert report is not None
    return report


def assert_told_once(stage: Stack, recording_id: str, analyses: list[str]) -> None:
    """Each analysis has one row for each of its chunks, and each stored event is on the stream
    once."""
    whole = [name for name in analyses if name == "diarization"]
    with db.connect(stage.database_url) as connection:
        chunks = connection.execute(
            "SELECT index FROM chunk WHERE recording_id = %s", (recording_id,)
        ).fetchall()
        rows = connection.execute(
            "SELECT analysis FROM finding WHERE recording_id = %s", (recording_id,)
        ).fetchall()
        stored = connection.execute(
            "SELECT id FROM outbox WHERE recording_id = %s", (recording_id,)
        ).fetchall()
    cut = sum(row["index"] != WHOLE for row in chunks)
    assert cut > 1
    assert Counter(row["analysis"] for row in rows) == {
        name: 1 if name in whole else cut for name in analyses
    }
    told = [event["id"] for _, event in stream.read(Redis.from_url(stage.redis_url), count=100_000)]
    assert sorted(told) == sorted(str(row["id"]) for row in stored)


def test_redis_loses_everything_and_nothing_is_lost(stage: Stack) -> None:
    recording_id = ingested(stage, CHEAP)
    Redis.from_url(stage.redis_url).flushall()
    with stage.workers("all", "merge", "finalize", "upkeep", *CHEAP), stage.beat():
        assert stage.wait_finished(recording_id) == "complete"
    assert_told_once(stage, recording_id, CHEAP)
    assert report_of(stage, recording_id)["scene"]


def test_audio_that_vanishes_is_a_stated_failure_of_every_chunk(stage: Stack) -> None:
    recording_id = ingested(stage, CHEAP)
    shutil.rmtree(stage.home / "audio" / "recordings" / recording_id)
    with stage.workers("all", "merge", "finalize", "upkeep", *CHEAP):
        assert stage.wait_finished(recording_id) == "partial"
    missing = report_of(stage, recording_id)["missing"]
    assert {each["analysis"] for each in missing} == set(CHEAP)
    assert {each["code"] for each in missing} == {"missing"}


def test_a_checkpoint_that_cannot_be_loaded_costs_one_analysis_not_the_recording(
    stage: Stack,
) -> None:
    with stage.workers("all", "ingest", "merge", "finalize", "upkeep", *CHEAP):
        with db.connect(
            stage.database_url
        ) as connection:  # while they run: at their start they would have refused it
            connection.execute(
                "INSERT INTO release (analysis, name, runtime, uri, sha256, active) "
                "VALUES ('noise', 'noise-9', 'onnx', %s, %s, true)",
                (f"file://{stage.home}/gone.onnx", "0" * 64),
            )
        reply = enqueue(stage, {"uri": stage.offer(DEMO), "analyses": CHEAP})
        assert stage.wait_finished(reply["recording_id"]) == "partial"
    report = report_of(stage, reply["recording_id"])
    assert {each["analysis"] for each in report["missing"]} == {"noise"}
    assert report["scene"]
    assert report["sentiment"]


def test_workers_killed_in_mid_work_lose_nothing(stage: Stack) -> None:
    analyses = [*CHEAP, "asr", "diarization"]
    stage.settings |= {
        "CHUNK_LEASE_SEC": "30",
        "TASK_TIME_LIMIT_SEC": "29",
    }  # above one chunk's work on a slow machine
    recording_id = ingested(stage, analyses)
    with stage.workers("core", "merge", "finalize", "upkeep"), stage.beat():
        with stage.workers("doomed", *analyses, concurrency=2) as doomed:
            with db.connect(stage.database_url) as connection:
                merged = "SELECT 1 FROM chunk WHERE recording_id = %s AND state = 'merged'"
                waiting.until(
                    lambda: connection.execute(merged, (recording_id,)).fetchone() is not None,
                    60,
                    "a merge",
                )
            os.killpg(os.getsid(doomed.pid), signal.SIGKILL)
        with stage.workers("heirs", *analyses, concurrency=2):
            assert stage.wait_finished(recording_id) == "complete"
    assert_told_once(stage, recording_id, analyses)
    assert len(report_of(stage, recording_id)["turns"]) > 5


def test_a_database_that_cannot_store_the_report_just_now_costs_nothing(stage: Stack) -> None:
    full = """
    CREATE TABLE disk_full (tried integer);
    CREATE SEQUENCE tries;
    CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF EXISTS (SELECT FROM disk_full) THEN
            PERFORM nextval('tries');
            RAISE 'no space left on device' USING ERRCODE = '53100';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER full_disk BEFORE INSERT ON report FOR EACH ROW EXECUTE FUNCTION full_disk();
    INSERT INTO disk_full VALUES (1);
    """
    with (
        stage.workers("all", "ingest", "merge", "finalize", "scene"),
        db.connect(stage.database_url) as connection,
    ):
        connection.execute(full.encode())
        recording_id = enqueue(stage, {"uri": stage.offer(DEMO), "analyses": ["scene"]})[
            "recording_id"
        ]
        tried = "SELECT is_called FROM tries"
        waiting.until(
            lambda: connection.execute(tried.encode()).fetchone() == {"is_called": True},
            60,
            "a try at the report",
        )
        connection.execute("DELETE FROM disk_full")
        assert stage.wait_finished(recording_id) == "complete"
    assert report_of(stage, recording_id)["scene"]


def test_findings_that_no_report_can_be_made_of_close_the_recording_with_the_reason(
    stage: Stack,
) -> None:
    with (
        stage.workers("all", "ingest", "merge", "scene"),
        db.connect(stage.database_url) as connection,
    ):
        recording_id = enqueue(stage, {"uri": stage.offer(DEMO), "analyses": ["scene"]})[
            "recording_id"
        ]
        waiting.until(lambda: ledger.all_merged(connection, recording_id), 60, "the merge")
        strange = Jsonb({"status": "succeeded", "findings": {"label": 7}, "classification": None})
        connection.execute(
            "UPDATE finding SET outcome = %s WHERE recording_id = %s", (strange, recording_id)
        )
    with stage.workers("finalize", "finalize"):
        assert stage.wait_finished(recording_id) == "failed"
    with db.connect(stage.database_url) as connection:
        row = recordings.get(connection, recording_id)
    assert row is not None
    assert row.error_code == "report_failed"
    told = [event for _, event in stream.read(Redis.from_url(stage.redis_url), count=1000)]
    assert [event["type"] for event in told][-1] == "recording.failed"
