"""What an operator sees of work that does not come, and what one pass of repair does about it,
without beat or upkeep."""

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from redis import Redis

from cli.localstack import processes, waiting
from cli.localstack import redis as local_redis
from earshot.analysis.types import ChunkKey
from earshot.storage.postgres import db, ledger, recordings
from earshot.storage.redis import claims, presence, stream
from tests.integration.enqueue import enqueue
from tests.integration.poison import SHORT, Poison, recording
from tests.servers import Stack

pytestmark = pytest.mark.integration

LOST_SEC = int(SHORT["WORKER_LOST_SEC"])


def rows(stage: Stack, query: str, recording_id: str) -> list[dict[str, Any]]:
    with db.connect(stage.database_url) as connection:
        return connection.execute(query.encode(), {"id": recording_id}).fetchall()


def attempts(stage: Stack, recording_id: str) -> set[int]:
    return {
        row["attempts"]
        for row in rows(
            stage, "SELECT attempts FROM chunk WHERE recording_id = %(id)s", recording_id
        )
    }


def stuck(stage: Stack, word: str) -> str:
    """The table, as soon as the word is on it."""
    shown: list[str] = []

    def found() -> bool:
        done = stage.earshot("doctor", "--stuck")
        shown.append(done.stdout + done.stderr)
        assert done.returncode in (0, 1), done.stderr
        return word in done.stdout

    waiting.until(found, 60, f"{word} in {shown}")
    return shown[-1]


def dispatched(stage: Stack, path: Path, *analyses: str) -> str:
    """A recording that is cut and dispatched, without a worker to analyse it."""
    stage.settings |= SHORT
    with stage.workers("ingest", "ingest"):
        reply = enqueue(stage, {"uri": stage.offer(path), "analyses": list(analyses)})
    return str(reply["recording_id"])


def test_what_nobody_serves_is_said_and_needs_no_repair(stage: Stack, tmp_path: Path) -> None:
    recording_id = dispatched(stage, recording(tmp_path / "quiet.wav", 4), "scene", "noise")
    told = stuck(stage, "unserved")
    lines = [line.split() for line in told.splitlines() if line.startswith(recording_id[:8])]
    assert sorted(line[1:4] for line in lines) == [
        ["0-3", "noise", "unserved"],
        ["0-3", "scene", "unserved"],
    ]
    assert "start a worker with `earshot worker scene`" in told
    repaired = stage.earshot("repair")
    assert (repaired.returncode, repaired.stdout) == (0, "")
    assert "nothing to repair" in repaired.stderr
    with stage.workers("all", "merge", "finalize", "scene", "noise"):
        assert stage.wait_finished(recording_id) == "complete"
    after = stage.earshot("doctor", "--stuck")
    assert (after.returncode, after.stdout, after.stderr) == (0, "", "nothing is late\n")
    assert attempts(stage, recording_id) == {1}


def test_lost_messages_are_sent_again_once_by_two_repairs_at_once(
    stage: Stack, tmp_path: Path
) -> None:
    recording_id = dispatched(stage, recording(tmp_path / "quiet.wav", 16), "scene")
    Redis.from_url(stage.redis_url).flushall()
    with stage.workers("scene", "scene"):
        told = stuck(stage, "lost")
        assert f"{recording_id[:8]}   0-15   scene     lost" in told
        assert "no upkeep worker lives; run `earshot repair`" in told
        with ThreadPoolExecutor(2) as two:
            done = list(two.map(lambda _: stage.earshot("repair"), range(2)))
        counts = [
            int(line.split()[0])
            for each in done
            for line in each.stdout.splitlines()
            if "chunks dispatched again" in line
        ]
        assert sum(counts) == 16, [each.stdout + each.stderr for each in done]
        assert attempts(stage, recording_id) == {2}
        with stage.workers("core", "merge", "finalize"):
            assert stage.wait_finished(recording_id) == "complete"
    found = rows(stage, "SELECT 1 FROM finding WHERE recording_id = %(id)s", recording_id)
    stored = rows(stage, "SELECT id FROM outbox WHERE recording_id = %(id)s", recording_id)
    assert (len(found), len(stored)) == (16, 17)
    told_events = [
        event["id"] for _, event in stream.read(Redis.from_url(stage.redis_url), count=1000)
    ]
    assert sorted(told_events) == sorted(str(row["id"]) for row in stored)


def test_the_last_steps_are_done_by_repair(stage: Stack, tmp_path: Path) -> None:
    recording_id = dispatched(stage, recording(tmp_path / "quiet.wav", 2), "scene")
    with db.connect(stage.database_url) as connection:
        with stage.workers("all", "merge", "scene"):
            waiting.until(
                lambda: ledger.all_merged(connection, UUID(recording_id)), 60, "the merge"
            )
        # the worker publishes after it has merged, so it has ended before what it did is undone
        connection.execute(
            "UPDATE outbox SET published_at = NULL, stream_id = NULL, created_at = now() - interval"
            " '1 min'"
        )
    Redis.from_url(stage.redis_url).delete("finalize", "events")
    told = stuck(stage, "unfinalized")
    assert "2 events wait to be published" in told
    with stage.workers("core", "finalize"):
        said = stage.earshot("repair").stdout
        assert "1 recordings sent to be closed" in said
        assert "2 events published" in said
        assert stage.wait_finished(recording_id) == "complete"


def test_silence_is_death_only_where_somebody_was_heard_all_the_while(
    stage: Stack, tmp_path: Path
) -> None:
    poison = Poison(stage, tmp_path)
    poison.on("wait")
    recording_id = dispatched(stage, recording(tmp_path / "long.wav", 1, 0), "peak")
    redis = processes.running(stage.home, local_redis.NAME)
    assert redis is not None
    with stage.workers("core", "merge", "finalize"):
        with stage.workers("doomed", "peak") as doomed:
            waiting.until(lambda: poison.victims == 1, 30, "work on the chunk")
            os.kill(redis.pid, signal.SIGSTOP)  # all workers fall silent
            time.sleep(LOST_SEC + 1)  # nothing happens in the silence that could be waited for
            os.kill(redis.pid, signal.SIGCONT)
            repaired = stage.earshot("repair")
            assert repaired.returncode == 0, repaired.stderr
            assert "dispatched again" not in repaired.stdout
            assert attempts(stage, recording_id) == {1}
            assert "at work on it for" in stuck(stage, "working")
            os.killpg(os.getsid(doomed.pid), signal.SIGKILL)
        poison.off()
        with stage.workers("heir", "peak"):
            assert "died" in stuck(stage, "died")
            assert "1 chunks dispatched again" in stage.earshot("repair").stdout
            assert stage.wait_finished(recording_id) == "complete"
    with db.connect(stage.database_url) as connection:
        row = recordings.get(connection, UUID(recording_id))
    assert row is not None
    assert row.state == "complete"


def test_a_worker_that_is_told_to_stop_is_not_dead(stage: Stack, tmp_path: Path) -> None:
    poison = Poison(stage, tmp_path)
    poison.on("wait")
    recording_id = dispatched(stage, recording(tmp_path / "long.wav", 1, 0), "peak")
    key, redis = ChunkKey(recording_id=UUID(recording_id), index=0), Redis.from_url(stage.redis_url)
    for turn in (1, 2):
        with stage.workers("stopped", "peak"):
            waiting.until(
                lambda turn=turn: poison.victims == turn, 20, f"work on the chunk, time {turn}"
            )
        found = claims.look(redis, {key: ["peak"]})[key]["peak"]
        assert found.deaths == 0
        assert found.claim is not None
        assert presence.named(redis, [found.claim.worker])[found.claim.worker].left
    poison.off()
    with stage.workers("all", "merge", "finalize", "peak"):
        assert stage.wait_finished(recording_id) == "complete"
    assert rows(stage, "SELECT 1 FROM dead_letter WHERE recording_id = %(id)s", recording_id) == []
    assert attempts(stage, recording_id) == {1}
