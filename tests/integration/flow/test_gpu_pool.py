"""A worker of a GPU pool with several children: each has a device of its own, and CUDA is touched
in the children only."""

import re
from pathlib import Path

import psutil
import pytest

from cli.localstack import processes, waiting
from earshot.settings import PROJECT
from tests.integration.enqueue import enqueue
from tests.servers import Stack

pytestmark = pytest.mark.integration

DEMO = PROJECT / "demo" / "call.ogg"
LIBRARIES = ("ctranslate2", "libcuda", "libtorch")
"""Those that look for CUDA devices; the first one is what asks how many there are."""


def mapped(pid: int) -> set[str]:
    maps = Path(f"/proc/{pid}/maps").read_text(encoding="utf-8")
    return {name for name in LIBRARIES if name in maps}


def test_each_child_has_a_gpu_and_keeps_it_and_their_parent_touches_none(
    stage: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(
        "CUDA_VISIBLE_DEVICES", "4, GPU-7"
    )  # nothing of CUDA minds names of devices that are not there

    def pins() -> list[str]:
        log = processes.log_file(stage.home, "gpu").read_text(encoding="utf-8")
        return sorted(re.findall(r"child \d computes on GPU \S+", log))

    core = stage.workers("core", "ingest", "merge", "finalize", "upkeep")
    with core, stage.workers("gpu", "emotion", concurrency=2) as worker:
        waiting.until(lambda: len(pins()) == 2, 30, "both children")
        assert pins() == ["child 0 computes on GPU 4", "child 1 computes on GPU GPU-7"]
        reply = enqueue(stage, {"uri": stage.offer(DEMO), "analyses": ["emotion"]})
        assert stage.wait_finished(str(reply["recording_id"])) == "complete"
        children = psutil.Process(worker.pid).children()
        assert mapped(worker.pid) == set()
        assert any("ctranslate2" in mapped(child.pid) for child in children)
        children[-1].kill()
        waiting.until(lambda: len(pins()) == 3, 30, "the child that takes its place")
        assert set(pins()) == {"child 0 computes on GPU 4", "child 1 computes on GPU GPU-7"}
