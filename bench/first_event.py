"""How long a newcomer waits: from typing ``earshot run`` to the first event on the stream, and to the end, all installed."""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from redis import Redis

from settings import stack_file
from storage import stream

LIMIT_SEC = 120


def measure(home: Path) -> tuple[float, float]:
    """Seconds until the first event and until the command has stopped everything again.

    Raises:
        TimeoutError: no event within ``LIMIT_SEC``.
    """
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as out:
        run = subprocess.Popen(
            [sys.executable, "-m", "earshot", "run", "--out", out],
            env={**os.environ, "EARSHOT_HOME": str(home)},
            stdout=subprocess.DEVNULL,
        )
        first = _first_event(home, run, began)
        run.wait(LIMIT_SEC)
    return first, time.perf_counter() - began


def _first_event(home: Path, run: "subprocess.Popen[bytes]", began: float) -> float:
    while time.perf_counter() - began < LIMIT_SEC and run.poll() is None:
        file = stack_file(home)
        if file.exists():
            redis = Redis.from_url(json.loads(file.read_text(encoding="utf-8"))["redis_url"])
            if stream.read(redis, block_ms=1000):
                return time.perf_counter() - began
        else:
            time.sleep(0.02)
    raise TimeoutError("no event came")
