"""Worker processes of CPU pools: small, one thread each, and never a library of torch in them."""

import json
import subprocess
import sys

import pytest

from earshot.settings import PROJECT
from trials.bench.stage_rows import FURTHER_BAR_MB, RSS_BAR_MB

pytestmark = pytest.mark.integration

CHUNKS = "40"
"""Of each analysis; what a process holds has stopped to grow after ten."""


@pytest.fixture(scope="module")
def held() -> dict[str, float]:
    """The most that any of two children of one worker holds, which serves all CPU analyses, after
    work on the demo call."""
    argv = [sys.executable, "-m", "trials.bench.memory", "demo/call.ogg", CHUNKS]
    done = subprocess.run(argv, cwd=PROJECT, check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def test_a_process_is_small_and_a_further_one_smaller(held: dict[str, float]) -> None:
    assert held["children"] == 2
    assert held["rss"] <= RSS_BAR_MB
    assert held["uss"] <= FURTHER_BAR_MB


def test_it_has_one_thread_and_no_torch(held: dict[str, float]) -> None:
    assert held["threads"] == 1
    assert held["torch"] == 0
