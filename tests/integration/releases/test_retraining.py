"""Training in the background on real workers: trained, compared, promoted or refused, rolled back,
and continued by another worker."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import psutil
import pytest

from cli.localstack import processes, waiting
from earshot.models.checkpoints.defaults import default_release
from earshot.settings import PROJECT
from earshot.storage.postgres import db
from earshot.storage.releases import runs
from earshot.storage.releases.runs import Run
from tests.integration.enqueue import enqueue
from tests.integration.releases.trained import COLOURS, sound, write
from tests.servers import Stack

pytest.importorskip("torch")
pytestmark = pytest.mark.integration

POOLS = ("ingest", "merge", "finalize", "upkeep", "noise")
BARS = """
[default]
fewest_recordings = 6
fewest_groups = 6
label_fewest = 3
draws = 400
"""
SENDS = """
import json, sys
from tasks import train_noise_classifier
asked = train_noise_classifier.delay(sys.argv[1], **json.loads(sys.argv[2]))
print(asked.id, flush=True)
if sys.argv[3] == "wait":
    found = asked.get(timeout=170, propagate=False)
    print(json.dumps(found if isinstance(found, dict) else {"error": str(found)}), flush=True)
"""
STRANGER = """
import sys
from celery import Celery
app = Celery(broker=sys.argv[1], backend=sys.argv[1])
print(app.send_task("train_noise_classifier", [sys.argv[2]]).get(timeout=90, propagate=False))
"""
"""A client without this project: to Celery's default queue."""
QUICK = {"epochs": 3, "holdout": 0.4, "licence": "CC0-1.0"}


def recorded(folder: Path, each: int, *, shuffled: bool = False) -> Path:
    """A folder for every label; shuffled, the same sounds lie in each other's."""
    names = list(COLOURS)
    for position, label in enumerate(names):
        for seed in range(each):
            of = names[(position + seed) % len(names)] if shuffled else label
            write(folder / label / f"{of}-{seed}.wav", sound(of, seed))
    return folder


@contextmanager
def worker(stack: Stack, name: str, concurrency: int = 1) -> Iterator[processes.Process]:
    with stack.workers(name, "retrain", concurrency=concurrency) as started:
        yield started


def asked(stack: Stack, folder: Path, *, wait: bool = True, **options: Any) -> list[str]:
    """What a client prints: the run's id, and how it ended."""
    argv = [sys.executable, "-c", SENDS, str(folder), json.dumps({**QUICK, **options})]
    done = subprocess.run(
        [*argv, "wait" if wait else "go"],
        env={**os.environ, **stack.env()},
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def ended(stack: Stack, folder: Path, **options: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(asked(stack, folder, **options)[1])
    return found


def answering(stack: Stack, seed: int) -> str:
    """The release that a recording of now is answered by."""
    path = write(stack.home / f"{seed}.wav", sound("white_noise", 1000 + seed, 3.0))
    reply = enqueue(stack, {"uri": stack.offer(path), "analyses": ["noise"]})
    recording_id = str(reply["recording_id"])
    assert stack.wait_finished(recording_id) == "complete"
    with db.connect(stack.database_url) as connection:
        query = "SELECT DISTINCT release FROM finding WHERE recording_id = %s"
        [row] = connection.execute(query, (recording_id,)).fetchall()
    return str(row["release"])


def run_of(stack: Stack, run_id: str) -> Run:
    with db.connect(stack.database_url) as connection:
        [found] = runs.listed(connection, run_id=UUID(run_id))
    return found


def printed(stack: Stack, *words: str) -> dict[str, Any]:
    done = stack.earshot(*words, "--json")
    assert done.stdout, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.fixture
def stack(stage: Stack) -> Stack:
    (stage.home / "bars.toml").write_text(BARS)
    own = {"RELEASE_BARS": str(stage.home / "bars.toml"), "TRAIN_LEASE_SEC": "5"}
    stage.settings |= own | {"RECONCILE_EVERY_SEC": "2"}
    return stage


def test_a_better_model_is_promoted_and_a_worse_one_is_refused(
    stack: Stack, tmp_path: Path
) -> None:
    bad = recorded(tmp_path / "bad", 10, shuffled=True)
    good = recorded(tmp_path / "good", 10)
    with stack.workers("core", *POOLS, concurrency=2), stack.beat():
        with worker(stack, "first"):
            argv = [sys.executable, "-I", "-c", STRANGER, stack.redis_url, "/nowhere"]
            assert "/nowhere does not exist" in subprocess.check_output(argv, text=True)
            worse = ended(stack, bad)
            assert worse["state"] == "refused", worse
            [lost] = [each for each in worse["verdict"]["refused"] if each["code"] == "not_better"]
            assert worse["verdict"]["low"] < 0
            assert "95 % interval -" in lost["detail"]
            assert Path(lost["clip"]).is_file()
            forced = ("--force", "--why", "something to be better than")
            done = printed(stack, "release", "promote", worse["release"], *forced)
            assert (done["promoted"], done["forced"]) == (True, True)
            better = ended(stack, good)
            assert better["state"] == "promoted", better
            assert better["verdict"]["low"] > 0
            assert answering(stack, 2) == better["release"]
            back = printed(stack, "release", "rollback")
            assert (back["to"], back["from"]) == (worse["release"], better["release"])
            assert back["seconds"] < 1
            assert answering(stack, 3) == worse["release"]
        _continued_by_another(stack, good)
        then = stack.earshot("release", "log", "--analysis", "noise").stdout
        assert default_release("noise").name in then
        assert "forced" in then


def _continued_by_another(stack: Stack, good: Path) -> None:
    """SIGKILL in mid-training, to the worker and all that it has started."""
    with worker(stack, "second", concurrency=2) as killed:
        long: dict[str, Any] = {"epochs": 100_000, "patience": 100_000, "save_every": 1}
        long |= {"architecture": "efficientnet_tiny"}
        [run_id] = asked(stack, good, wait=False, **long)
        state = stack.home / "models" / "training" / run_id / "state.pt"
        waiting.until(state.exists, 60, "the saved state", killed.log)
        second = ended(stack, good)
        assert f"noise is being trained by run {run_id}" in second["error"]
        parent = psutil.Process(killed.pid)
        for each in (parent, *parent.children(recursive=True)):
            os.kill(each.pid, signal.SIGKILL)
    first = run_of(stack, run_id)
    assert (first.finished_at, first.attempts) == (None, 1)
    with worker(stack, "third") as third:
        waiting.until(
            lambda: (
                "message" in run_of(stack, run_id).progress and run_of(stack, run_id).attempts == 2
            ),
            60,
            "another worker",
            third.log,
        )
        assert run_id in stack.earshot("train", "status").stdout
        assert stack.earshot("train", "cancel", run_id).returncode == 0
        waiting.until(
            lambda: run_of(stack, run_id).finished_at is not None, 60, "the end", third.log
        )
    found = run_of(stack, run_id)
    assert (found.state, found.attempts) == ("canceled", 2)
    assert found.worker != first.worker
