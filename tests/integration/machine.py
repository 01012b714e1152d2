"""A machine of a test's own: a home on which ``earshot`` is typed, with the local stack in it."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil

from cli.localstack import processes, waiting
from earshot.settings import PROJECT, stack_file
from tests.servers import free_port

TIMEOUT_SEC = 240


class Machine:
    """A home of its own, on which commands are typed."""

    def __init__(self, home: Path) -> None:
        self.home = home
        kept = {key: value for key, value in os.environ.items() if not key.startswith("EARSHOT_")}
        self.env = {
            **kept,
            "PYTHONPATH": str(PROJECT),
            "EARSHOT_HOME": str(home / "home"),
            "EARSHOT_GATEWAY_PORT": str(free_port()),
            "EARSHOT_LIVE_PROCESSES": "0",  # it measures the machine at its start
        }

    def argv(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "earshot", *words]

    def earshot(self, *words: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            self.argv(*words),
            env=self.env,
            cwd=self.home,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_SEC,
            check=False,
        )

    def pid(self, part: str) -> int:
        record = processes.record_file(self.home / "home", part)
        return int(json.loads(record.read_text(encoding="utf-8"))["pid"])

    def kill(self, *parts: str) -> None:
        """SIGKILL to the named parts with all their children, and returns when they are gone."""
        for part in parts:
            os.killpg(self.pid(part), signal.SIGKILL)  # each leads a session of its own
        for part in parts:
            waiting.until(
                lambda name=part: processes.running(self.home / "home", name) is None,
                10,
                f"the end of {part}",
            )

    def urls(self) -> dict[str, str]:
        """``redis_url`` and ``database_url`` of the stack that runs."""
        return dict(json.loads(stack_file(self.home / "home").read_text(encoding="utf-8")))

    def living(self) -> list[str]:
        """Command lines of everything that runs for this home."""
        return [
            " ".join(each.info["cmdline"])
            for each in psutil.process_iter(["cmdline", "cwd", "environ", "status"])
            if each.info["status"] != psutil.STATUS_ZOMBIE and self._ours(each.info)
        ]

    def _ours(self, info: dict[str, object]) -> bool:
        # Workers carry the home in their environment; servers, which overwrite theirs with a title,
        # work in a folder below it.
        environ = info["environ"] or {}
        assert isinstance(environ, dict)
        return environ.get("EARSHOT_HOME") == self.env["EARSHOT_HOME"] or str(
            info["cwd"]
        ).startswith(str(self.home))
