"""Finished recordings are analysed again in part: existing results stay readable, and only new ones
are published."""

import json
from collections import Counter
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from psycopg.types.json import Jsonb
from redis import Redis

from earshot.analysis.types import WHOLE
from earshot.models.checkpoints.defaults import default_releases
from earshot.settings import PROJECT
from earshot.storage.postgres import db, recordings
from earshot.storage.redis import stream
from tests.integration.enqueue import enqueue
from tests.integration.poison import SHORT, recording
from tests.servers import Stack

pytestmark = pytest.mark.integration

CORE = ("ingest", "merge", "finalize", "upkeep")
DEMO = PROJECT / "demo" / "call.ogg"


def ingested(stage: Stack, path: Path, *analyses: str, **more: Any) -> str:
    reply = enqueue(stage, {"uri": stage.offer(path), "analyses": list(analyses), **more})
    recording_id = str(reply["recording_id"])
    assert stage.wait_finished(recording_id) == "complete"
    return recording_id


def report_of(stage: Stack, recording_id: str) -> dict[str, Any]:
    report: dict[str, Any] = json.loads(stage.earshot("report", recording_id, "--json").stdout)
    return report


def told(stage: Stack, recording_id: str) -> list[dict[str, Any]]:
    found = stream.read(Redis.from_url(stage.redis_url), count=10_000)
    return [event for _, event in found if event["recording_id"] == recording_id]


def kinds(events: list[dict[str, Any]]) -> Counter[str]:
    return Counter(
        name
        for event in events
        for name in (event["type"], "scene", "noise")
        if name in event or name == event["type"]
    )


def findings(stage: Stack, recording_id: str) -> dict[tuple[int, str], tuple[str, str]]:
    """(chunk, analysis) to (release, status)."""
    query = "SELECT chunk_index, analysis, release, status FROM finding WHERE recording_id = %s"
    with db.connect(stage.database_url) as connection:
        rows = connection.execute(query, (recording_id,)).fetchall()
    return {(row["chunk_index"], row["analysis"]): (row["release"], row["status"]) for row in rows}


def promote(stage: Stack, analysis: str, name: str, **other: str) -> None:
    """Makes a release active, the catalog's but for its name and ``other``."""
    row = {
        **default_releases()[analysis].model_dump(),
        "name": name,
        "labels": list(default_releases()[analysis].labels),
        **other,
    }
    with db.connect(stage.database_url) as connection:
        connection.execute("UPDATE release SET active = false WHERE analysis = %s", (analysis,))
        connection.execute(
            "INSERT INTO release (analysis, name, runtime, uri, sha256, labels, active) "
            "VALUES (%(analysis)s, %(name)s, %(runtime)s, %(uri)s, %(sha256)s, %(labels)s, true)",
            row,
        )


def test_the_old_report_is_read_until_the_new_one_is_there(stage: Stack) -> None:
    with stage.workers("core", *CORE), stage.beat():
        with stage.workers("scene", "scene"):
            recording_id = ingested(stage, DEMO, "scene")
        old = report_of(stage, recording_id)
        assert old["noise"] is None
        asked = stage.earshot(
            "rerun", recording_id[:8], "--analysis", "noise,diarization", "--no-wait"
        )
        chunks = len(findings(stage, recording_id))
        expected = (
            f"{recording_id[:8]}  diarization of the whole recording, noise of {chunks} chunks\n"
        )
        assert (asked.returncode, asked.stdout) == (0, expected)
        during = stage.earshot("report", recording_id, "--json")
        assert json.loads(during.stdout) == old
        assert (
            during.stderr
            == f"a new round is under way, 0 of {chunks + 1} chunks are done; this is the report"
            " before it\n"
        )
        again = stage.earshot("rerun", recording_id, "--analysis", "scene")
        assert (again.returncode, again.stdout) == (1, "")
        assert (
            again.stderr
            == f"still_open: recording {recording_id} is analyzing; wait until it is finished\n"
        )
        with stage.workers("others", "noise", "diarization"):
            assert stage.wait_finished(recording_id) == "complete"
    new = report_of(stage, recording_id)
    assert new["scene"] == old["scene"]
    assert new["noise"]["timeline"]
    assert len(new["turns"]) > 5
    assert findings(stage, recording_id)[WHOLE, "diarization"][1] == "succeeded"
    completed = [
        event for event in told(stage, recording_id) if event["type"] == "recording.completed"
    ]
    assert [event["round"] for event in completed] == [1, 2]
    assert kinds(told(stage, recording_id)) == {
        "classification": 2 * chunks, "scene": chunks, "noise": chunks, "recording.completed": 2
    }  # fmt: skip


def test_only_changed_answers_are_told_and_a_failure_takes_nothing_away(
    stage: Stack, tmp_path: Path
) -> None:
    stage.settings |= SHORT
    with stage.workers("all", *CORE, "scene", "noise"), stage.beat():
        recording_id = ingested(stage, recording(tmp_path / "quiet.wav", 3), "scene", "noise")
        assert kinds(told(stage, recording_id))["classification"] == 6
        same = stage.earshot("rerun", recording_id, "--analysis", "scene", "--analysis", "noise")
        assert same.returncode == 0, same.stderr
        assert "quiet.wav" in same.stdout
        assert kinds(told(stage, recording_id)) == {
            "classification": 6, "scene": 3, "noise": 3, "recording.completed": 2
        }  # fmt: skip
        nothing = stage.earshot("rerun", recording_id, "--stale", "--failed", "--missing")
        assert (nothing.returncode, nothing.stdout) == (0, f"{recording_id[:8]}  nothing to do\n")

        promote(stage, "scene", "scene-9")
        planned = stage.earshot(
            "rerun", "--state", "complete", "--since", "2000-01-01", "--stale", "--dry-run"
        )
        assert planned.stdout == f"{recording_id[:8]}  scene of 3 chunks\n"
        assert stage.earshot("rerun", "--until", "2000-01-01", "--stale", "--dry-run").stdout == ""
        assert {
            release
            for (_, name), (release, _) in findings(stage, recording_id).items()
            if name == "scene"
        } != {"scene-9"}
        assert stage.earshot("rerun", "--all", "--stale").returncode == 0
        assert {
            release
            for (_, name), (release, _) in findings(stage, recording_id).items()
            if name == "scene"
        } == {"scene-9"}
        assert kinds(told(stage, recording_id)) == {
            "classification": 9, "scene": 6, "noise": 3, "recording.completed": 3
        }  # fmt: skip

        before, answers = report_of(stage, recording_id), findings(stage, recording_id)
        promote(stage, "noise", "noise-9", uri=f"file://{stage.home}/gone.onnx")
        failed = stage.earshot("rerun", recording_id, "--analysis", "noise")
        assert failed.returncode == 1
        assert "doing noise of 3 chunks again failed, and what was known stays" in failed.stderr
        assert findings(stage, recording_id) == answers
        assert report_of(stage, recording_id)["noise"] == before["noise"]
        assert (
            "noise of 3 chunks"
            in stage.earshot("rerun", recording_id, "--failed", "--dry-run").stdout
        )
        with db.connect(stage.database_url) as connection:
            connection.execute("DELETE FROM release WHERE analysis = 'noise'")
        assert stage.earshot("rerun", recording_id, "--failed").returncode == 0
        assert stage.earshot("rerun", recording_id, "--failed").stdout.endswith("nothing to do\n")


def test_what_is_missing_or_failed_is_done_and_nothing_else(stage: Stack, tmp_path: Path) -> None:
    stage.settings |= SHORT
    with stage.workers("all", *CORE, "scene", "noise"), stage.beat():
        recording_id = ingested(stage, recording(tmp_path / "quiet.wav", 3), "scene", "noise")
        with db.connect(stage.database_url) as connection:
            gone = (
                "DELETE FROM finding WHERE recording_id = %s AND analysis = 'noise' AND chunk_index"
                " IN (0, 2)"
            )
            connection.execute(gone, (recording_id,))
            broken = (
                "UPDATE finding SET status = 'failed', outcome = %s "
                "WHERE recording_id = %s AND analysis = 'scene' AND chunk_index = 1"
            )
            connection.execute(
                broken,
                (Jsonb({"status": "failed", "code": "boom", "detail": "it broke"}), recording_id),
            )
        planned = stage.earshot("rerun", recording_id, "--missing", "--failed", "--dry-run")
        assert planned.stdout == f"{recording_id[:8]}  noise of 2 chunks, scene of 1 chunk\n"
        assert stage.earshot("rerun", recording_id, "--missing").returncode == 0
        assert stage.earshot("rerun", recording_id, "--failed").returncode == 0
    assert Counter(status for _, status in findings(stage, recording_id).values()) == {
        "succeeded": 6
    }
    with db.connect(stage.database_url) as connection:
        row = recordings.get(connection, UUID(recording_id))
    assert row is not None
    assert (row.state, row.round) == ("complete", 3)


def test_a_rerun_waits_for_room_and_says_so(stage: Stack, tmp_path: Path) -> None:
    stage.settings |= {**SHORT, "MAX_UNMERGED_CHUNKS": "2"}
    with stage.workers("core", *CORE), stage.beat():
        with stage.workers("scene", "scene"):
            first, second = (
                ingested(stage, recording(tmp_path / f"{n}.wav", 3, seed=n), "scene")
                for n in (1, 2)
            )
        assert stage.earshot("rerun", first, "--analysis", "scene", "--no-wait").returncode == 0
        blocked = stage.start("rerun", second, "--analysis", "scene", "--no-wait")
        assert blocked.stderr is not None
        assert blocked.stderr.readline().startswith(
            "waiting: 2 chunks (EARSHOT_MAX_UNMERGED_CHUNKS) or more"
        )
        with stage.workers("scene", "scene"):
            assert stage.wait_finished(first) == "complete"
            assert blocked.wait(60) == 0
            assert stage.wait_finished(second) == "complete"


def test_voices_are_told_apart_again_without_hearing_the_words_again(stage: Stack) -> None:
    def heard() -> list[dict[str, Any]]:
        query = (
            "SELECT chunk_index, outcome, merged_at FROM finding WHERE recording_id = %s AND"
            " analysis = 'asr' ORDER BY 1"
        )
        with db.connect(stage.database_url) as connection:
            return connection.execute(query, (recording_id,)).fetchall()

    def words(report: dict[str, Any]) -> list[tuple[int, str]]:
        return sorted(
            (word["start_ms"], word["text"]) for turn in report["turns"] for word in turn["words"]
        )

    with stage.workers("core", *CORE), stage.beat():
        with stage.workers("analyses", "asr", "diarization"):
            recording_id = ingested(stage, DEMO, "asr", "diarization", roles=[])
        before, old = heard(), report_of(stage, recording_id)
        assert len(old["speakers"]) == 2
        refused = stage.earshot("rerun", recording_id, "--speakers", "4-2")
        assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
        with stage.workers("diarization", "diarization"):  # nobody is there who could hear words
            assert stage.earshot("rerun", recording_id, "--speakers", "1").returncode == 0
            new = report_of(stage, recording_id)
            assert stage.earshot("rerun", recording_id, "--analysis", "diarization").returncode == 0
    assert heard() == before
    assert words(new) == words(old) != []
    assert [speaker["id"] for speaker in new["speakers"]] == ["s0"]
    assert {turn["speaker"] for turn in new["turns"]} == {"s0"}
    assert report_of(stage, recording_id)["speakers"] == new["speakers"], (
        "what was said of their number is kept"
    )
