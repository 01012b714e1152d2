"""``run.py`` on a folder of good, bad and equal files, killed at three points and started again:
its files are whole, and each call is once in its table."""

import csv
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest

from cli.localstack import waiting
from cli.published import schema
from earshot.exports.table import COLUMNS
from earshot.settings import PROJECT
from tests.integration.machine import TIMEOUT_SEC, Machine
from tests.sounds.audio_files import silence, vowel, write

pytestmark = pytest.mark.integration

CALLS = 6
REFUSED = {"empty.wav": "empty", "text.wav": "not_audio", "cut/torn.ogg": "corrupt"}


def fill(folder: Path) -> None:
    """Six calls, three files that are none, two copies, and one file that is not named like any."""
    (folder / "cut").mkdir(parents=True)
    for number in range(CALLS):
        call = np.concatenate([vowel(2, pitch_hz=150 + 20 * number), silence(1)], axis=1)
        suffix, codec = (("wav", "pcm_s16le"), ("ogg", "libopus"))[number % 2]
        write(folder / f"call{number}.{suffix}", call, 16_000, codec)
    (folder / "copy.wav").write_bytes((folder / "call0.wav").read_bytes())
    (folder / "cut" / "copy.ogg").write_bytes((folder / "call1.ogg").read_bytes())
    (folder / "empty.wav").touch()
    (folder / "text.wav").write_text("no sound", encoding="utf-8")
    (folder / "cut" / "torn.ogg").write_bytes(b"OggS" + bytes(50))
    (folder / "notes.txt").write_text("not a recording", encoding="utf-8")


class Runs:
    """``run.py`` typed on a machine of its own."""

    def __init__(self, machine: Machine) -> None:
        self._machine, self._home = machine, machine.home
        self._argv = [sys.executable, str(PROJECT / "run.py"), "--config", "config.yaml"]

    def whole(self, *words: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [*self._argv, *words],
            env=self._machine.env,
            cwd=self._home,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_SEC,
            check=False,
        )

    def killed(self, at: str) -> None:
        """Starts it, and sends SIGKILL once its log has this text."""
        before = set(self.logs())
        process = subprocess.Popen(
            self._argv, env=self._machine.env, cwd=self._home, stderr=subprocess.DEVNULL
        )
        try:
            waiting.until(lambda: at in self._latest(before), TIMEOUT_SEC, f"{at!r} in the log")
        finally:
            os.kill(process.pid, signal.SIGKILL)
            process.wait()

    def logs(self) -> list[Path]:
        return sorted((self._home / "logs").glob("optimized_processing_*.log"))

    def _latest(self, before: set[Path]) -> str:
        return "".join(log.read_text(encoding="utf-8") for log in self.logs() if log not in before)

    def json(self, name: str) -> Any:
        latest = max((self._home / "output").glob(f"{name}_*.json"))
        return json.loads(latest.read_text(encoding="utf-8"))

    def rows(self) -> list[dict[str, str]]:
        latest = max((self._home / "output").glob("optimized_results_*.csv"))
        with latest.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            assert reader.fieldnames == list(COLUMNS)
            return list(reader)


def test_killed_at_three_points_it_continues(machine: Machine) -> None:
    fill(machine.home / "input")
    (machine.home / "config.yaml").write_text(
        "file_batch_size: 2\nmax_workers: 32\ndb_port: 55432\n", encoding="utf-8"
    )
    runs = Runs(machine)
    dry = runs.whole("--dry-run")
    assert dry.returncode == 1, "three files cannot be analysed"
    assert "11 files, 9 calls" in dry.stdout
    assert not (machine.home / "output").exists(), "nothing is written"

    runs.killed("calls, ")  # before the first is submitted, or while it is
    runs.killed("[4/")  # with some finished and others in work
    runs.killed("optimized_results_")  # between two files of output
    new = np.concatenate([vowel(3, pitch_hz=300), silence(1)], axis=1)
    write(machine.home / "input" / "new.wav", new, 16_000, "pcm_s16le")
    done = runs.whole("--performance-report")
    assert done.returncode == 1, done.stderr
    assert machine.living() == [], "what was started is stopped"

    rows = runs.rows()
    assert Counter(row["file_name"] for row in rows) == dict.fromkeys(
        [
            *(f"call{number}.{('wav', 'ogg')[number % 2]}" for number in range(CALLS)),
            *(Path(name).name for name in REFUSED),
            "new.wav",
        ],
        1,
    )
    errors = {row["file_name"]: row["error"].partition(":")[0] for row in rows}
    assert {Path(name).name: code for name, code in REFUSED.items()}.items() <= errors.items()

    statuses = runs.json("file_statuses")["files"]
    assert Counter(each["status"] for each in statuses) == {"complete": 9, "failed": 3}
    assert {
        each["file"]: each["same_content_as"] for each in statuses if each["same_content_as"]
    } == {
        "copy.wav": "call0.wav",
        "cut/copy.ogg": "call1.ogg",
    }
    failed = runs.json("failed_calls")["files"]
    assert {each["file"]: each["error_code"] for each in failed} == REFUSED
    assert not list((machine.home / "output").glob(".*.part"))

    report = runs.json("performance_report")
    jsonschema.validate(report, schema("performance.report"))
    assert report["files"] == {
        "found": 12,
        "analysed": 1,
        "reused": CALLS,
        "same_content": 2,
        "failed": 3,
    }
    assert {"ingest", "scene", "asr", "merge", "finalize"} <= {
        each["stage"] for each in report["stages"]
    }
    assert report["throughput"]["sound_hours"] == pytest.approx(4 / 3600, rel=0.05)
    assert report["garbage_collection"]["runs"] > 0
    assert {"core", "cpu", "gpu", "postgres", "batch"} <= {
        each["name"] for each in report["processes"]
    }
    limits = {each["key"]: each for each in report["limits"]}
    assert limits["max_workers"]["effective"] <= (os.cpu_count() or 1)
    assert limits["db_port"]["effective"] is None, "the local stack answers"


def test_wrong_settings_start_nothing(machine: Machine) -> None:
    (machine.home / "config.yaml").write_text("max_workres: 3\n", encoding="utf-8")
    done = Runs(machine).whole()
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "did you mean max_workers" in done.stderr
    assert not (machine.home / "home").exists()
