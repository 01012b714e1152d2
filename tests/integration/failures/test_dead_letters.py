"""Poison: what ends every worker that touches it becomes one dead letter, and takes nothing else
with it."""

import json
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from redis import Redis

from cli.localstack import waiting
from earshot.analysis.types import ChunkKey
from earshot.storage.postgres import db, dead_letters, recordings
from earshot.storage.postgres.dead_letters import DeadLetter
from earshot.storage.redis import claims, refused
from tests.integration.enqueue import enqueue
from tests.integration.poison import ABSENT, Poison, recording, restarted
from tests.servers import Stack

pytestmark = pytest.mark.integration

CORE = ("ingest", "merge", "finalize", "upkeep")
LOUD = 7


@pytest.fixture
def poison(stage: Stack, tmp_path: Path) -> Poison:
    return Poison(stage, tmp_path)


def offered(stage: Stack, path: Path, **more: Any) -> str:
    return str(
        enqueue(stage, {"uri": stage.offer(path), "analyses": ["peak"], **more})["recording_id"]
    )


def report_of(stage: Stack, recording_id: str) -> dict[str, Any]:
    with db.connect(stage.database_url) as connection:
        report = recordings.report(connection, UUID(recording_id))
    assert report is not None
    return report


def letters(stage: Stack) -> list[DeadLetter]:
    with db.connect(stage.database_url) as connection:
        return dead_letters.listed(connection, closed=True)


def peaks(stage: Stack, recording_id: str) -> dict[int, str]:
    """Chunk to what became of it."""
    query = "SELECT chunk_index, status FROM finding WHERE recording_id = %s AND analysis = 'peak'"
    with db.connect(stage.database_url) as connection:
        return {
            row["chunk_index"]: row["status"] for row in connection.execute(query, (recording_id,))
        }


def assert_one_letter(stage: Stack, recording_id: str, node: str) -> None:
    [letter] = [each for each in letters(stage) if str(each.recording_id) == recording_id]
    assert (letter.chunk_index, letter.analysis, letter.code, letter.state) == (
        LOUD,
        "peak",
        "worker_lost",
        "open",
    )
    assert letter.release == "peak-code"
    assert letter.worker is not None
    assert letter.worker.startswith(node)
    assert "3 workers ended" in letter.reason
    assert peaks(stage, recording_id) == {
        index: "failed" if index == LOUD else "succeeded" for index in range(16)
    }
    [missing] = report_of(stage, recording_id)["missing"]
    assert (missing["analysis"], missing["chunk"], missing["code"]) == ("peak", LOUD, "worker_lost")


def test_a_chunk_that_kills_its_child_dies_alone_and_is_replayed_when_it_is_harmless(
    stage: Stack, poison: Poison, tmp_path: Path
) -> None:
    poison.on("child")
    with stage.workers("core", *CORE), stage.beat():
        bad = offered(stage, recording(tmp_path / "bad.wav", 16, LOUD))
        good = offered(stage, recording(tmp_path / "good.wav", 16, seed=1))
        with stage.workers("peaks", "peak"):
            assert [stage.wait_finished(each) for each in (bad, good)] == ["partial", "complete"]
        assert poison.victims == 3
        assert_one_letter(stage, bad, "peak-")
        listed = stage.earshot("dead", "list")
        assert "bad.wav" in listed.stdout
        assert "7 (0:14-0:16)" in listed.stdout
        [line] = stage.earshot("dead", "list", "--json").stdout.splitlines()
        assert json.loads(line)["recording_id"] == bad
        checks = stage.earshot("doctor").stdout
        assert "1 open; `earshot dead list`" in checks
        assert "1 alive, 1 children: ingest-merge-finalize-upkeep-" in checks

        poison.off()
        replayed = stage.earshot("dead", "replay", "1")
        assert (replayed.returncode, replayed.stdout) == (0, f"{bad[:8]}  peak of 1 chunk\n")
        twice = stage.earshot("dead", "replay", "1")
        assert (twice.returncode, twice.stderr.split(":")[0]) == (1, "1")
        with stage.workers("peaks", "peak"):
            assert stage.wait_finished(bad) == "complete"
    assert set(peaks(stage, bad).values()) == {"succeeded"}
    assert (
        stage.earshot("rerun", bad, "--stale", "--dry-run").stdout == f"{bad[:8]}  nothing to do\n"
    )
    assert [each.state for each in letters(stage)] == ["replayed"]
    assert stage.earshot("dead", "list").stdout == ""
    assert "replayed" in stage.earshot("dead", "list", "--all").stdout


def assert_it_dies_alone(
    stage: Stack, poison: Poison, folder: Path, worker: AbstractContextManager[object]
) -> None:
    with stage.workers("core", *CORE), stage.beat():
        bad = offered(stage, recording(folder / "bad.wav", 16, LOUD))
        good = offered(stage, recording(folder / "good.wav", 16, seed=1))
        with worker:
            assert [stage.wait_finished(each) for each in (good, bad)] == ["complete", "partial"]
    assert poison.victims == 3
    assert_one_letter(stage, bad, "peak-")


def test_a_chunk_that_kills_the_whole_worker_is_given_up_after_three(
    stage: Stack, poison: Poison, tmp_path: Path
) -> None:
    poison.on("group")
    assert_it_dies_alone(stage, poison, tmp_path, restarted(stage, "peaks", "peak"))


def test_a_chunk_that_loses_its_process_the_gpu_is_given_up_after_three(
    stage: Stack, poison: Poison, tmp_path: Path
) -> None:
    poison.on("gpu")
    assert_it_dies_alone(stage, poison, tmp_path, stage.workers("peaks", "peak"))
    said = (stage.home / "logs" / "peaks.log").read_text(encoding="utf-8")
    assert "peak of 16 chunks ended this process: the CUDA context of this process is lost" in said


def test_no_chunk_is_given_up_for_a_gpu_that_was_not_there_when_processes_started(
    stage: Stack, poison: Poison, tmp_path: Path
) -> None:
    poison.on("absent")
    with stage.workers("all", *CORE, "peak"), stage.beat():
        recording_id = offered(stage, recording(tmp_path / "faint.wav", 16))
        assert stage.wait_finished(recording_id) == "complete"
    assert poison.victims == ABSENT + 1  # the last one found it
    assert letters(stage) == []
    assert set(peaks(stage, recording_id).values()) == {"succeeded"}


def test_a_chunk_that_no_memory_is_left_for_keeps_nothing_from_its_neighbours(
    stage: Stack, poison: Poison, tmp_path: Path
) -> None:
    poison.on("full")
    with stage.workers("all", *CORE, "peak"):
        path = recording(tmp_path / "big.wav", 16, LOUD)
        recording_id = offered(stage, path)
        waiting.until(
            lambda: poison.victims > 5, 60, "a second try"
        )  # the first is of 16, 8, 4, 2 and 1
        keys = {
            ChunkKey(recording_id=UUID(recording_id), index=index): ["peak"] for index in range(16)
        }
        stands = claims.look(Redis.from_url(stage.redis_url), keys)
        staged = {key.index for key, found in stands.items() if found["peak"].release}
        assert staged == set(range(16)) - {LOUD}
        poison.off()
        assert stage.wait_finished(recording_id) == "complete"
    assert letters(stage) == []


def test_content_that_killed_under_two_recordings_is_not_tried_under_a_third(
    stage: Stack, poison: Poison, tmp_path: Path
) -> None:
    poison.on("child")
    bad = recording(tmp_path / "bad.wav", 16, LOUD)
    with stage.workers("all", *CORE, "peak"), stage.beat():
        for turn in (1, 2):
            assert stage.wait_finished(offered(stage, bad, force=True)) == "partial"
            assert poison.victims == 3 * turn
        third = offered(stage, bad, force=True)
        assert stage.wait_finished(third) == "partial"
        assert poison.victims == 6
        [missing] = report_of(stage, third)["missing"]
        assert (missing["chunk"], missing["code"]) == (LOUD, "quarantined")

        poison.off()
        assert stage.earshot("dead", "discard", "1", "2").stdout == "2 discarded\n"
        again = stage.earshot("rerun", third, "--failed")
        assert again.returncode == 0, again.stderr
        assert "complete" in again.stdout
    assert [each.state for each in letters(stage)] == ["discarded", "discarded"]


def test_a_letter_of_an_open_recording_waits_for_it(
    stage: Stack, poison: Poison, tmp_path: Path
) -> None:
    poison.on("child")
    with stage.workers("core", *CORE), stage.beat():
        with stage.workers("peaks", "peak"):
            bad = offered(stage, recording(tmp_path / "bad.wav", 4, 1))
            assert stage.wait_finished(bad) == "partial"
        assert stage.earshot("rerun", bad, "--analysis", "scene", "--no-wait").returncode == 0
        asked = stage.earshot("dead", "replay", "--all")
    assert asked.returncode == 1
    assert asked.stderr == f"still_open: recording {bad} is analyzing; wait until it is finished\n"
    assert [each.state for each in letters(stage)] == ["open"]
    waiting.until(lambda: poison.victims == 3, 1, "three deaths")


def test_refused_messages_are_listed_with_the_letters(stage: Stack) -> None:
    client = Redis.from_url(stage.redis_url)
    client.lpush("upkeep", "not a message")
    with stage.workers("upkeep", "upkeep"):
        waiting.until(lambda: refused.counts(client), 30, "the refusal")
    listed = stage.earshot("dead", "list")
    assert listed.returncode == 0
    assert "not a message" in listed.stdout
    assert "no dead letters" in listed.stderr
    assert "1 messages were refused" in listed.stderr
