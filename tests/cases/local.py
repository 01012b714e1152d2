"""A local stack in a folder of its own, used the way a person uses it: by the command, in a
shell."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from earshot.settings import PROJECT
from evaluation.measures.words import count, normalised
from tests.servers import free_port

TIMEOUT_SEC = 240


@dataclass(frozen=True)
class Local:
    """``home`` holds the stack; every call gets a folder for its reports."""

    home: Path
    settings: dict[str, str]

    def env(self) -> dict[str, str]:
        kept = {key: value for key, value in os.environ.items() if not key.startswith("EARSHOT_")}
        return {**kept, "PYTHONPATH": str(PROJECT), "EARSHOT_HOME": str(self.home), **self.settings}

    def argv(self, *words: object) -> list[str]:
        return [sys.executable, "-m", "earshot", *map(str, words)]

    def earshot(
        self, *words: object, timeout: float = TIMEOUT_SEC
    ) -> "subprocess.CompletedProcess[str]":
        """Runs the command to its end."""
        return subprocess.run(
            self.argv(*words),
            env=self.env(),
            cwd=self.home,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def ingest(self, *words: object) -> "Handed":
        """Hands files in, waits for them and reads their reports."""
        out = Path(mkdtemp(prefix="reports-", dir=self.home))
        done = self.earshot("ingest", *words, "--out", out)
        found = (
            json.loads(each.read_text(encoding="utf-8")) for each in sorted(out.glob("*.json"))
        )
        return Handed(
            {each["recording"]["file_name"]: Report(each) for each in found},
            done.stdout + done.stderr,
        )


@dataclass(frozen=True)
class Report:
    """One report as JSON, and what the cases ask of it."""

    json: dict[str, Any]

    @property
    def duration_sec(self) -> float:
        return float(self.json["recording"]["duration_ms"]) / 1000

    @property
    def notes(self) -> str:
        return "\n".join(self.json["recording"]["notes"])

    def words(self, speaker: str | None = None) -> tuple[str, ...]:
        """Normalised, in order of time; ``speaker`` is a role."""
        turns = [turn for turn in self.json["turns"] if speaker in (None, turn["role"])]
        return normalised(" ".join(turn["text"] for turn in turns), {"mr": "mister"})

    def starts_sec(self) -> list[float]:
        return [turn["start_ms"] / 1000 for turn in self.json["turns"]]

    def talk_sec(self, role: str) -> float:
        return sum(
            float(each["talk_ms"]) / 1000 for each in self.json["speakers"] if each["role"] == role
        )


@dataclass(frozen=True)
class Handed:
    """What became of files: reports by file name, and what was printed."""

    reports: dict[str, Report]
    printed: str

    def __getitem__(self, name: str) -> Report:
        assert name in self.reports, self.printed
        return self.reports[name]


def errors(said: str, found: tuple[str, ...]) -> int:
    """Word errors of ``found`` against the sentence, both normalised."""
    return count(normalised(said, {"mr": "mister"}), found).word_errors


@contextmanager
def up(home: Path, **settings: str) -> Iterator[Local]:
    """A stack that is up, and down again afterwards."""
    own = {"EARSHOT_GATEWAY_PORT": str(free_port()), "EARSHOT_LIVE_PROCESSES": "0"}
    local = Local(home, {**own, **settings})
    try:
        started = local.earshot("up")
        assert started.returncode == 0, started.stdout + started.stderr
        yield local
    finally:
        local.earshot("down")
