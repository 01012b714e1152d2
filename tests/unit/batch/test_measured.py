"""What is measured while a batch runs: tasks of workers, processes, and the waiting in queues."""

import subprocess
import sys

import pytest

from cli.batch.monitor import Monitor
from earshot.analysis.errors import Unavailable
from earshot.storage.redis.timings import FIGURES, since
from tasks.process.timing import of_job, stage_of

BUSY = "import time; began = time.time()\nwhile time.time() - began < 60: pass"


def test_a_job_states_its_wait_and_its_sound() -> None:
    chunks = [{"start_ms": 0, "end_ms": 25_000}, {"start_ms": 24_000, "end_ms": 40_000}]
    assert of_job([{"sent_at": 100.0, "chunks": chunks}], 102.5) == {
        "chunks": 2,
        "sound_ms": 41_000,
        "wait_ms": 2_500,
    }
    assert of_job([{"sent_at": 100.0, "chunks": []}], 99.0)["wait_ms"] == 0, "another clock"


@pytest.mark.parametrize(
    "args",
    [(), None, ["id"], [{"uri": "file:///x"}], [{"sent_at": 1.0}], [{"sent_at": "x", "chunks": 1}]],
)
def test_another_message_has_no_such_figures(args: object) -> None:
    assert of_job(args, 1.0) == {}


def test_stages_are_analyses_and_the_steps_around_them() -> None:
    tasks = ("analyze.asr", "ingest.recording", "merge.whole", "finalize.recording", "upkeep.relay")
    assert [*map(stage_of, tasks)] == ["asr", "ingest", "merge", "finalize", "upkeep"]


def test_counters_of_a_run_are_their_growth_also_where_redis_was_emptied() -> None:
    before = {"asr": {"tasks": 5, "work_ms": 900}, "noise": {"tasks": 7}}
    now = {"asr": {"tasks": 8, "work_ms": 1_000}, "noise": {"tasks": 2}, "merge": {"tasks": 1}}
    found = since(before, now)
    assert {name: figures["tasks"] for name, figures in found.items()} == {
        "asr": 3,
        "noise": 2,
        "merge": 1,
    }
    assert found["asr"]["work_ms"] == 100
    assert all(set(figures) == set(FIGURES) for figures in found.values())


def test_processes_and_queues_are_sampled() -> None:
    lengths = iter([{"asr": 10}, Unavailable("redis_away", "away")])

    def waiting() -> dict[str, int]:
        found = next(lengths, {"asr": 0})
        if isinstance(found, Unavailable):
            raise found
        return found

    busy = subprocess.Popen([sys.executable, "-c", BUSY])
    try:
        roots = {"busy": busy.pid, "gone": 2**22 + 1}
        with Monitor(lambda: roots, waiting, every_sec=0.2) as found:
            while found.samples < 5:
                assert busy.poll() is None
    finally:
        busy.kill()
        busy.wait()
    assert found.waited["asr"] == pytest.approx(2.0, rel=0.5), "ten tasks for a sample"
    trees = {each.name: each for each in found.trees()}
    assert trees["busy"].cpu_sec > 0
    assert trees["busy"].peak_mb >= trees["busy"].mean_mb > 1
    assert trees["gone"].peak_mb == 0
    cpu = found.usage("cpu")
    assert cpu.mean is not None
    assert 0 < cpu.mean <= 100
    if not found.no_gpu:
        pytest.skip("this machine has a GPU")
    assert found.usage("gpu", found.no_gpu).reason == found.no_gpu
