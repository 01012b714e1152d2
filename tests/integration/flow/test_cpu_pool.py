"""Worker processes of CPU pools: small, one thread each, and never a library of torch in them."""

import json
import subprocess
import sys

import pytest

from earshot.settings import PROJECT
from trials.bench.stage_rows import FURTHER_BAR_MB, RSS_BAR_MB

pytestmark = pytest.mark.integration

MEASURED = 2
"""Times, of which the lowest counts: what a process holds includes up to 4 MB at the end of its
heap that are free (``tasks.process.environment.MALLOC_BYTES``), depending on when it was read."""
CHUNKS = "40"
"""Of each analysis; what a process holds has stopped to grow after ten."""


@pytest.fixture(scope="module")
def held() -> dict[str, float]:
    """The most that any of two children of one worker holds, which serves all CPU analyses, after
    work on the demo call."""
    argv = [sys.executable, "-m", "trials.bench.memory", "demo/call.ogg", CHUNKS]
    found: list[dict[str, float]] = []
    while len(found) < MEASURED and not (found and found[-1]["uss"] <= FURTHER_BAR_MB):
        done = subprocess.run(argv, cwd=PROJECT, check=True, capture_output=True, text=True)
        found.append(json.loads(done.stdout))
    return min(found, key=lambda each: each["uss"])


def test_a_process_is_small_and_a_further_one_smaller(held: dict[str, float]) -> None:
    assert held["children"] == 2
    assert held["rss"] <= RSS_BAR_MB
    assert held["uss"] <= FURTHER_BAR_MB


def test_it_has_one_thread_and_no_torch(held: dict[str, float]) -> None:
    assert held["threads"] == 1
    assert held["torch"] == 0
