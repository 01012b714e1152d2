"""Deletion removes all traces of a recording in any state, permanently."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from celery import Celery
from jsonschema import Draft202012Validator
from redis import Redis

from cli.localstack import waiting
from earshot.settings import PROJECT
from earshot.storage.postgres import db, recordings, tombstones
from earshot.storage.redis import stream
from tests.integration.enqueue import enqueue
from tests.integration.flow.test_rerun import ingested
from tests.integration.named import everywhere, receipts
from tests.integration.poison import SHORT, Poison, recording
from tests.integration.rows import planned
from tests.refusals import administrator
from tests.servers import Stack
from trials.chaos.points import Point

pytestmark = pytest.mark.integration

CORE = ("ingest", "merge", "finalize", "upkeep")
SCHEMAS = PROJECT / "docs" / "schemas"


def check(name: str, body: dict[str, Any]) -> None:
    schema = json.loads((SCHEMAS / f"{name}.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(body)


def told(stage: Stack, recording_id: str) -> list[str]:
    found = stream.read(Redis.from_url(stage.redis_url), count=10_000)
    return [event["type"] for _, event in found if event["recording_id"] == recording_id]


def test_nothing_is_left_of_what_was_analysed(stage: Stack, tmp_path: Path) -> None:
    stage.settings |= SHORT
    reports = stage.home / "reports"
    with stage.workers("all", *CORE, "scene", "noise"), stage.beat():
        handed_in = stage.earshot(
            "ingest",
            str(recording(tmp_path / "one.wav", 3)),
            "--analyses",
            "scene,noise",
            "--out",
            str(reports),
        )
        assert handed_in.returncode == 0, handed_in.stderr
        gone = json.loads(next(reports.glob("one-*.json")).read_text())["recording"]["id"]
        kept = ingested(stage, recording(tmp_path / "two.wav", 2, seed=1), "scene")
        assert stage.earshot("rerun", gone, "--analysis", "noise").returncode == 0
        before = {place.partition(" ")[0] for place in everywhere(stage, gone)}
        assert before == {"table", "redis", "file"}

        counted = stage.earshot("delete", gone[:8], "--dry-run")
        assert (counted.returncode, counted.stdout) == (0, "1 recording would be deleted\n")
        asked = stage.earshot("delete", gone[:8])
        assert (asked.returncode, asked.stderr.count("\n")) == (2, 1)
        assert everywhere(stage, gone)
        done = stage.earshot("delete", gone[:8], "--yes", "--json")
        assert done.returncode == 0, done.stderr
        (receipt,) = receipts(done.stdout)
        check("deletion.receipt", receipt)
        assert everywhere(stage, gone) == []
        assert everywhere(stage, kept) != []
        removed: Any = receipt["removed"]
        assert removed["postgres"] | {"outbox": 0} == {
            "recording": 1, "chunk": 3, "finding": 6, "report": 1, "export": 1, "outbox": 0
        }  # fmt: skip
        assert removed["exports"] == {"removed": 1}
        assert removed["store"]["files"] == 4  # the sound, and its peaks at three zooms
        assert removed["redis"]["events"] == removed["postgres"]["outbox"] > 6
        assert removed["redis"]["results"] == 4, "one of ingest, three of jobs"
        checked: Any = receipt["checked"]
        assert (checked["found"], checked["removed_late"]) == ([], 0)
        assert told(stage, gone) == ["recording.deleted"]
        (event,) = (
            e
            for _, e in stream.read(Redis.from_url(stage.redis_url), count=10_000)
            if e["recording_id"] == gone
        )
        check("event.deleted", event)

        assert "the recording was deleted" in stage.earshot("report", gone[:8]).stderr
        assert stage.earshot("rerun", gone, "--missing").returncode == 2
        again = stage.earshot("delete", gone, "--yes", "--json")
        assert receipts(again.stdout)[0]["removed"] == removed
        anew = enqueue(stage, {"uri": stage.offer(tmp_path / "one.wav"), "analyses": ["scene"]})
        assert anew["recording_id"] != gone
        assert (anew["duplicate"], stage.wait_finished(str(anew["recording_id"]))) == (
            False,
            "complete",
        )


def test_a_request_under_a_deleted_id_is_answered_and_writes_nothing(
    stage: Stack, tmp_path: Path
) -> None:
    stage.settings |= SHORT
    request = {
        "uri": stage.offer(recording(tmp_path / "one.wav", 1)), "analyses": ["scene"],
        "recording_id": str(uuid4())
    }  # fmt: skip
    with stage.workers("all", *CORE, "scene"), stage.beat():
        gone = str(enqueue(stage, request)["recording_id"])
        assert stage.wait_finished(gone) == "complete"
        assert stage.earshot("delete", gone, "--yes").returncode == 0
        with pytest.raises(Exception, match="returned non-zero"):
            enqueue(stage, request)
        assert everywhere(stage, gone) == []
        assert (
            "Permanent('deleted', 'the recording was deleted')"
            in (stage.home / "logs" / "all.log").read_text()
        )


def test_what_is_at_work_does_not_come_back(stage: Stack, tmp_path: Path) -> None:
    poison = Poison(stage, tmp_path)
    stage.settings |= {"TIDY_EVERY_SEC": "1"}
    poison.on("wait")
    log = stage.home / "logs"
    with stage.workers("core", *CORE), stage.workers("peak", "peak"), stage.beat():
        uri = stage.offer(recording(tmp_path / "loud.wav", 4, loud=1))
        gone = str(enqueue(stage, {"uri": uri, "analyses": ["peak", "scene"]})["recording_id"])
        waiting.until(lambda: poison.victims == 1, 60, "a job in mid-work", log / "peak.log")
        done = stage.earshot("delete", gone, "--yes", "--json")
        assert done.returncode == 0, done.stderr
        removed: Any = receipts(done.stdout)[0]["removed"]
        assert removed["redis"]["messages"] >= 2, (
            "a job of scene in its queue, and one of peak that a worker holds"
        )
        assert everywhere(stage, gone) == []
        poison.off()
        waiting.until(
            lambda: "chunks of a deleted recording" in (log / "peak.log").read_text(),
            60,
            "its end",
            log / "peak.log",
        )
        ingested(stage, recording(tmp_path / "quiet.wav", 1), "peak")
        assert everywhere(stage, gone) == []


def test_a_deletion_that_was_killed_is_finished(stage: Stack, tmp_path: Path) -> None:
    """Killed after its transaction: the same as its first half, done here."""
    stage.settings |= SHORT | {"TIDY_EVERY_SEC": "1"}
    with stage.workers("all", *CORE, "scene"):
        gone = ingested(stage, recording(tmp_path / "one.wav", 2), "scene")
        with db.connect(stage.database_url) as connection:
            assert tombstones.bury(connection, [UUID(gone)], "asked", 3600, 3600) == [UUID(gone)]
            assert "table recording" not in everywhere(stage, gone) != []
            with stage.beat():

                def done() -> bool:
                    (receipt,) = tombstones.receipts(connection, [UUID(gone)])
                    return receipt.erased_at is not None

                waiting.until(done, 60, "the end of the deletion", stage.home / "logs" / "all.log")
    assert everywhere(stage, gone) == []
    assert told(stage, gone) == ["recording.deleted"]


KILLED_AT = (
    ("earshot.storage.postgres.tombstones", "bury", "return"),
    ("earshot.audio.store.layout", "delete_recording", "call"),
    ("earshot.storage.traces", "remove", "call"),
    ("earshot.storage.postgres.tombstones", "erased", "return"),
    ("earshot.storage.outbox", "relay", "call"),
    ("earshot.storage.postgres.tombstones", "searched", "call"),
)
"""Module, function, and whether it is called or returns: before each kind of thing is removed, and
after the last."""


def test_wherever_it_is_killed_it_is_finished(stage: Stack, tmp_path: Path) -> None:
    stage.settings |= SHORT
    with stage.workers("all", *CORE, "scene"), stage.beat():
        ids = [
            ingested(stage, recording(tmp_path / f"{n}.wav", 1, seed=n), "scene")
            for n in range(len(KILLED_AT))
        ]
    for gone, (module, name, event) in zip(ids, KILLED_AT, strict=True):
        point = Point("", "", module, name, event)  # type: ignore[arg-type]
        armed = json.dumps([point.armed(str(tmp_path / f"killed-{name}"), 1)])
        env = {**os.environ, **stage.env(), "CHAOS_CRASHPOINTS": armed}
        env["PYTHONPATH"] = (
            f"{PROJECT / 'trials' / 'chaos' / 'crashpoint'}{os.pathsep}{env['PYTHONPATH']}"
        )
        argv = [sys.executable, "-m", "earshot", "delete", gone, "--yes"]
        died = subprocess.run(
            argv, env=env, cwd=stage.home, capture_output=True, timeout=120, check=False
        )
        assert died.returncode == -signal.SIGKILL, (name, died.stderr)
        assert stage.earshot("repair").returncode == 0
        assert everywhere(stage, gone) == [], name
        assert told(stage, gone) == ["recording.deleted"], name
        (receipt,) = receipts(stage.earshot("delete", gone, "--yes", "--json").stdout)
        removed: Any = receipt["removed"]
        assert removed["postgres"]["recording"] == 1
        assert receipt["erased_at"] is not None


def test_a_decoder_at_work_leaves_nothing(stage: Stack, tmp_path: Path) -> None:
    stage.settings |= SHORT
    with stage.workers("all", *CORE, "scene"):
        gone = str(uuid4())
        request = {
            "uri": stage.offer(recording(tmp_path / "one.wav", 300)),
            "analyses": ["scene"],
            "recording_id": gone,
        }
        app = Celery(broker=stage.redis_url, backend=stage.redis_url)
        result = app.send_task("ingest.recording", [request], queue="ingest")
        folder = stage.home / "audio" / "recordings" / gone
        waiting.until(folder.exists, 60, "a decoder at work", stage.home / "logs" / "all.log")
        assert stage.earshot("delete", gone, "--yes").returncode == 0
        with pytest.raises(Exception, match="the recording was deleted"):
            result.get(timeout=60)
    assert everywhere(stage, gone) == []


def test_a_report_that_cannot_be_removed_keeps_the_deletion_open(stage: Stack) -> None:
    """Its folder is a link that leads nowhere but to itself: not even root gets through."""
    reports, aside = stage.home / "reports", stage.home / "aside"
    reports.mkdir()
    with db.connect(stage.database_url) as connection:
        stuck, next_ = planned(connection, ["scene"], 1), planned(connection, ["scene"], 1)
        (reports / "call.json").write_text(json.dumps({"recording": {"id": str(stuck)}}))
        recordings.note_export(connection, stuck, socket.gethostname(), str(reports / "call.json"))
    reports.rename(aside)
    reports.symlink_to(reports)
    done = stage.earshot("delete", str(stuck), str(next_), "--yes", "--json")
    assert (done.returncode, f"{stuck}: not all of it could be removed yet" in done.stderr) == (
        1,
        True,
    ), done
    assert f"{reports}/call.json cannot be removed" in done.stderr
    erased = {each["recording_id"]: each["erased_at"] is not None for each in receipts(done.stdout)}
    assert erased == {str(stuck): False, str(next_): True}
    assert told(stage, str(stuck)) == []
    reports.unlink()
    aside.rename(reports)
    assert "1 deletions finished" in stage.earshot("repair").stdout
    assert list(reports.iterdir()) == []
    assert told(stage, str(stuck)) == ["recording.deleted"]


def test_a_redis_that_refuses_in_mid_deletion_ends_it_at_the_first_recording(stage: Stack) -> None:
    with db.connect(stage.database_url) as connection:
        ids = [str(planned(connection, ["scene"], 1)) for _ in range(4)]
        with administrator(stage.redis_url) as admin:
            admin.execute_command("ACL", "SETUSER", "default", "-del")
            done = stage.earshot("delete", *ids, "--yes")
            admin.execute_command("ACL", "SETUSER", "default", "+del")
        assert (done.returncode, "Redis refuses" in done.stderr) == (3, True), done
        assert "not all of it could be removed" not in done.stderr
        assert "4 deletions finished" in stage.earshot("repair").stdout
        assert {
            each.erased_at is None
            for each in tombstones.receipts(connection, [UUID(each) for each in ids])
        } == {False}
