"""Celery's own command starts the same worker and scheduler as ``earshot worker`` and ``earshot
beat``: environment, tasks, boot checks, and a scheduler that imports no analysis."""

import json
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from redis import Redis

from cli.localstack import processes, waiting
from earshot.settings import PROJECT
from earshot.storage.postgres import db, recordings
from tasks.process.environment import process_env
from tests.integration.enqueue import enqueue
from tests.servers import Stack
from workers.hooks import JobRun

pytestmark = pytest.mark.integration

CELERY = (sys.executable, "-m", "celery", "-A", "tasks.app")
OWN = frozenset(process_env())


def plain_env(stage: Stack, **settings: str) -> dict[str, str]:
    """The stack's settings alone, as a unit file of systemd would give them."""
    kept = {name: value for name, value in stage.env().items() if name not in OWN}
    return {**kept, **{f"EARSHOT_{name.upper()}": value for name, value in settings.items()}}


@contextmanager
def logged(run: JobRun) -> Iterator[None]:
    """A hook around jobs."""
    yield
    logging.getLogger(__name__).info(
        "hook: %s, %d outcomes", run.job.analysis, len(run.outcomes or ())
    )


@contextmanager
def started(stage: Stack, name: str, *words: str, **settings: str) -> Iterator[psutil.Process]:
    # Not even what this test's own process may have of them.
    unset = ["env", *(f"--unset={each}" for each in sorted(OWN))]
    env = plain_env(stage, **settings)
    process = processes.start(stage.home, name, [*unset, *CELERY, *words], env, cwd=PROJECT)
    try:
        yield psutil.Process(process.pid)
    finally:
        processes.stop(stage.home, [name], 20)


def test_a_plain_worker_has_the_environment_and_does_its_work(stage: Stack) -> None:
    ready = stage.home / "run" / "plain.ready"
    uri = stage.offer(PROJECT / "demo" / "call.ogg")
    scene = ("worker", "-Q", "scene", "-c", "1", "-l", "INFO", "-n", "plain@%h")
    hook = {"job_hooks": json.dumps([f"{__name__}:logged"])}
    with (
        stage.workers("core", "ingest", "merge", "finalize", "upkeep"),
        started(stage, "plain", *scene, ready_file=str(ready), **hook) as worker,
    ):
        log = processes.log_file(stage.home, "plain")
        waiting.until(ready.exists, 60, "the worker", log)
        assert ready.read_text() == str(worker.pid)
        environment = worker.environ()
        assert {name: environment[name] for name in OWN} == process_env()
        reply = enqueue(stage, {"uri": uri, "analyses": ["scene"]})
        assert stage.wait_finished(reply["recording_id"]) == "complete"
    with db.connect(stage.database_url) as connection:
        assert recordings.report(connection, reply["recording_id"]) is not None
    written = log.read_text(encoding="utf-8")
    assert "hook: scene, 1 outcomes" in written
    assert "Warm shutdown" not in written  # SIGTERM hands jobs back


@pytest.mark.parametrize(
    ("queues", "settings", "line"),
    [
        ("merge", {"database_url": ""}, "merge needs the database: set EARSHOT_DATABASE_URL"),
        ("scene", {"commercial_use": "true"}, "forbids commercial use"),
        ("cooking", {}, "no queue cooking; queues are ingest, "),
        ("scene", {"job_hooks": '["nowhere:hook"]'}, "nowhere:hook cannot be imported: No module"),
        ("asr", {"device": "cuda"}, "no CUDA device is visible"),
    ],
)
def test_a_plain_worker_ends_at_boot_with_one_line(
    stage: Stack, queues: str, settings: dict[str, str], line: str
) -> None:
    env = {name: value for name, value in os.environ.items() if name not in OWN}
    done = subprocess.run(
        [*CELERY, "worker", "-Q", queues],
        env={**env, **plain_env(stage, **settings), "CUDA_VISIBLE_DEVICES": ""},
        cwd=PROJECT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("earshot: ")
    assert line in done.stderr


def test_beat_sends_what_is_due_and_loads_no_analysis(stage: Stack) -> None:
    client = Redis.from_url(stage.redis_url)
    with started(stage, "plain-beat", "beat", "--pidfile=") as beat:
        log = processes.log_file(stage.home, "plain-beat")
        waiting.until(lambda: client.llen("upkeep") == 3, 60, "three tasks", log)
        mapped = {Path(each.path).name for each in beat.memory_maps()}
        beat.send_signal(signal.SIGTERM)
    assert any(name.startswith("_pydantic_core") for name in mapped)
    assert not any("multiarray" in name or "onnxruntime" in name for name in mapped)
