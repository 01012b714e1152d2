"""Measures the time from typing ``earshot run`` to the first event on the stream, and to the end,
with everything installed."""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError

from earshot.settings import stack_file
from earshot.storage.redis import stream

LIMIT_SEC = 120


def measure(home: Path) -> tuple[float, float]:
    """Seconds until the first event and until the command has stopped everything again.

    Raises:
        TimeoutError: no event within ``LIMIT_SEC``.
    """
    started = time.time()
    with tempfile.TemporaryDirectory() as out:
        run = subprocess.Popen(
            [sys.executable, "-m", "earshot", "run", "--force", "--out", out],
            env={**os.environ, "EARSHOT_HOME": str(home)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        first = _first_event(home, run, started)
        run.wait(LIMIT_SEC)
    return first - started, time.time() - started


def _first_event(home: Path, run: "subprocess.Popen[bytes]", started: float) -> float:
    """When Redis stored the first event after ``started``; both are times of this machine's clock,
    seconds since the epoch."""
    after = f"{started * 1000:.0f}"
    while time.time() - started < LIMIT_SEC and run.poll() is None:
        try:
            url = json.loads(stack_file(home).read_text(encoding="utf-8"))["redis_url"]
            events = stream.read(Redis.from_url(url), after, block_ms=1000)
        except (FileNotFoundError, RedisError):  # not up yet
            time.sleep(0.05)
            continue
        if events:
            return int(events[0][0].partition("-")[0]) / 1000
    raise TimeoutError("no event came")
