"""The short version of ``make chaos``: every row that does not need minutes, each in a system of
its own."""

import subprocess
import sys

import pytest

from earshot.settings import PROJECT
from trials.chaos.scenarios import SCENARIOS

LIMIT_SEC = 400

pytestmark = pytest.mark.chaos


@pytest.mark.parametrize(
    "row", [name for name, scenario in SCENARIOS.items() if scenario.short is not None]
)
def test_nothing_is_lost_and_nothing_done_twice(row: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "trials.chaos", "--short", "--only", row],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=LIMIT_SEC,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
