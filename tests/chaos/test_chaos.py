"""Rows of the short version of ``make chaos``, each in a system of its own."""

import subprocess
import sys

import pytest

from earshot.settings import PROJECT
from trials.chaos.scenarios import SCENARIOS

LIMIT_SEC = 400
ROWS = (
    "random_kills",
    "points",
    "redis_flushall",
    "postgres_restarted",
    "power_cut",
    "outlives_visibility",
)
"""Faults that hit the whole system. The others (``python -m trials.chaos --short``) have tests of
their own: chunks that kill, workers told to stop, hostile messages, a Redis that is killed or
refuses and a clock that is set in ``tests/integration/failures``; a Postgres that refuses in
``tests/integration/stores``."""

pytestmark = pytest.mark.chaos


@pytest.mark.parametrize("row", ROWS)
def test_nothing_is_lost_and_nothing_done_twice(row: str) -> None:
    assert SCENARIOS[row].short is not None
    done = subprocess.run(
        [sys.executable, "-m", "trials.chaos", "--short", "--only", row],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=LIMIT_SEC,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
