"""Types ``run.py`` on a folder with a home of its own, to its end or until it is killed."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cli.localstack import plan, processes
from earshot.settings import PROJECT

LIMIT_SEC = 3600
POLL_SEC = 0.1


class Runs:
    """A folder with ``input``, ``output`` and ``logs``, and the local stack of its runs."""

    def __init__(self, folder: Path) -> None:
        self._folder, self.home = folder, folder / "home"
        (folder / "config.yaml").write_text("max_workers: 32\nio_workers: 32\n", encoding="utf-8")
        kept = {key: value for key, value in os.environ.items() if not key.startswith("EARSHOT_")}
        self.env = {**kept, "EARSHOT_HOME": str(self.home)}

    def start(self, *words: str) -> "subprocess.Popen[bytes]":
        """Starts a run."""
        config = str(self._folder / "config.yaml")
        argv = [sys.executable, str(PROJECT / "run.py"), "--config", config, *words]
        return subprocess.Popen(argv, env=self.env, cwd=PROJECT, stderr=subprocess.DEVNULL)

    def whole(self, *words: str) -> int:
        """Runs to the end; returns the exit status."""
        return self.start(*words).wait(timeout=LIMIT_SEC)

    def killed(self, reached: Callable[[str], bool], *, with_stack: bool) -> None:
        """Sends SIGKILL once the log of the run has reached a point.

        Args:
            with_stack: to workers, beat and supervisor as well, as when the machine stops.
        """
        before = set(self._logs())
        process = self.start()
        until = time.monotonic() + LIMIT_SEC
        while process.poll() is None and time.monotonic() < until:
            new = [log for log in self._logs() if log not in before]
            if new and reached(new[-1].read_text(encoding="utf-8")):
                break
            time.sleep(POLL_SEC)
        if process.poll() is not None:
            raise RuntimeError("the run ended before the point was reached")
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        if with_stack:
            for name in (plan.SUPERVISOR, plan.BEAT, *plan.NAMES):
                found = processes.running(self.home, name)
                if found is not None:
                    os.killpg(found.pid, signal.SIGKILL)

    def down(self) -> None:
        """Stops what a killed run has left."""
        argv = [sys.executable, "-m", "earshot", "down"]
        subprocess.run(argv, env=self.env, cwd=PROJECT, stderr=subprocess.DEVNULL, check=False)

    def json(self, name: str) -> Any:
        """The latest file of that name."""
        latest = max((self._folder / "output").glob(f"{name}_*.json"))
        return json.loads(latest.read_text(encoding="utf-8"))

    def rows(self) -> list[dict[str, str]]:
        """Of the latest table."""
        latest = max((self._folder / "output").glob("optimized_results_*.csv"))
        with latest.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    def written(self) -> list[str]:
        """Names of the files of output of the latest run."""
        names = sorted(each.name for each in (self._folder / "output").glob("*_*.*"))
        stamp = max(name.split(".")[0][-15:] for name in names)
        return [name for name in names if stamp in name]

    def _logs(self) -> list[Path]:
        return sorted((self._folder / "logs").glob("*.log"))
