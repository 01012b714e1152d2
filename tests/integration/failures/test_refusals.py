"""Redis answers and refuses: every worker outlives it with its own process id, idle or at work, and
all of it is done."""

import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from redis import Redis

from cli.localstack import processes, waiting
from earshot.settings import PROJECT
from earshot.storage.redis import presence
from earshot.storage.redis.presence import Worker
from tests.refusals import REFUSALS, administrator
from tests.servers import Stack, servers

pytestmark = pytest.mark.integration

DEMO = PROJECT / "demo" / "call.ogg"
REFUSED_SEC = 4.0
RESUME_SEC = 60.0


@pytest.fixture(scope="module")
def stage() -> Iterator[Stack]:
    """Workers with idle children, and one whose child is at work; what is lost is looked for in
    seconds."""
    with servers() as started, ExitStack() as running:
        started.settings |= {
            "CHUNK_LEASE_SEC": "20",
            "WORKER_LOST_SEC": "10",
            "SOFT_SHUTDOWN_SEC": "2",
            "RECONCILE_EVERY_SEC": "2",
        }
        running.enter_context(
            started.workers("core", "ingest", "merge", "finalize", "upkeep", concurrency=2)
        )
        running.enter_context(started.workers("busy", "asr"))
        running.enter_context(started.workers("idle", "scene", concurrency=2))
        running.enter_context(started.beat())
        yield started


@pytest.mark.parametrize("refusal", REFUSALS)
def test_workers_outlive_a_redis_that_refuses(stage: Stack, refusal: str) -> None:
    names = ("core", "busy", "idle", "beat")
    before = {name: running(stage, name) for name in names}
    recording_id = handed_in(stage)
    with administrator(stage.redis_url) as admin:
        waiting.until(
            lambda: any(worker.busy for worker in heard(stage, "asr")),
            RESUME_SEC,
            "a child at work",
        )
        with REFUSALS[refusal](admin):
            time.sleep(REFUSED_SEC)
    assert stage.wait_finished(recording_id) == "complete"
    assert {name: running(stage, name) for name in names} == before
    for pool in ("ingest", "asr", "scene"):
        waiting.until(
            lambda pool=pool: heard(stage, pool),
            RESUME_SEC,
            f"the heartbeat of the worker for {pool}",
        )


def test_workers_go_on_after_refused_acknowledgements(stage: Stack) -> None:
    """More of them than a worker may prefetch."""
    with administrator(stage.redis_url) as admin:
        admin.execute_command("ACL", "SETUSER", "default", "-zrem")  # a message leaves by ZREM
        try:
            for _ in range(3):
                assert stage.wait_finished(handed_in(stage)) == "complete"
            assert admin.hlen("unacked") > 3
        finally:
            admin.execute_command("ACL", "SETUSER", "default", "+zrem")
        assert stage.wait_finished(handed_in(stage)) == "complete"
        waiting.until(lambda: not admin.hlen("unacked"), RESUME_SEC, "the acknowledgements")


def handed_in(stage: Stack) -> str:
    done = stage.earshot("ingest", str(DEMO), "--force", "--no-wait", "--analyses", "scene,asr")
    assert done.returncode == 0, done.stderr
    return done.stdout.split()[0]


def running(stage: Stack, name: str) -> int:
    process = processes.running(stage.home, name)
    assert process is not None, f"{name} is not there any more"
    return process.pid


def heard(stage: Stack, pool: str) -> list[Worker]:
    """Living workers that consume this queue."""
    return [
        worker
        for worker in presence.living(Redis.from_url(stage.redis_url))
        if pool in worker.queues
    ]


def test_a_command_waits_and_goes_on(stage: Stack) -> None:
    with administrator(stage.redis_url) as admin, REFUSALS["READONLY"](admin):
        command = stage.start("ingest", str(DEMO), "--force", "--analyses", "scene")
        assert command.stderr is not None
        first = command.stderr.readline()
        assert command.poll() is None
    told, errors = command.communicate(timeout=RESUME_SEC)
    assert command.returncode == 0, errors
    assert first.startswith("waiting: Redis")
    assert "READONLY" in first
    assert errors.startswith("going on\n")
    assert "Scene" in told
