"""The harness sees what it must see: a witness that notices nothing would call every row clean."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest

from earshot.settings import PROJECT
from earshot.storage.postgres import db
from tests.servers import Stack
from trials.chaos import audit, load, script
from trials.chaos.points import Point
from trials.chaos.verdict import Figures, first_difference

CLEAN = Figures("row", 1, 1, 0, 0, 3, 0, 0, 0, 1, 1, 2, 1.0)


@pytest.mark.integration
def test_the_witness_sees_a_chunk_that_is_merged_again(stage: Stack) -> None:
    audit.install(stage.database_url)
    recording = uuid4()
    with db.connect(stage.database_url) as connection:
        connection.execute(
            "INSERT INTO recording (id, state, request, file_name, analyses, language) "
            "VALUES (%s, 'queued', '{}', 'a', '{}', 'en')",
            (recording,),
        )
        connection.execute(
            "INSERT INTO chunk (recording_id, index, start_ms, end_ms, speech, wanted) VALUES (%s,"
            " 0, 0, 9, '[]', '{}')",
            (recording,),
        )
        merge = (
            "UPDATE chunk SET state = 'merged', merged_at = clock_timestamp() WHERE recording_id"
            " = %s"
        )
        connection.execute(merge, (recording,))
        assert audit.merged_twice(stage.database_url) == set()
        connection.execute(merge, (recording,))
    assert audit.merged_twice(stage.database_url) == {str(recording)}


@pytest.mark.parametrize("said", [0.0, 6.0, 13.0, 40.0, script.KILLS_CHILD, script.KILLS_GROUP])
def test_the_sound_says_what_was_written_into_it(said: float | str, tmp_path: Path) -> None:
    path = load.scripted(tmp_path, "said", [said], seed=1)
    samples = np.frombuffer(path.read_bytes()[44:], "<i2").astype(np.float32) / 32767
    assert script.command(samples[None]) == said


def test_ordinary_sound_says_nothing(tmp_path: Path) -> None:
    [path] = load.ordinary(tmp_path, 1, 20)
    samples = np.frombuffer(path.read_bytes()[44:], "<i2").astype(np.float32) / 32767
    heard = [script.command(part[None]) for part in np.array_split(samples, 20)]
    assert heard == [None] * 20


def test_a_crash_point_kills_once_for_each_victim(tmp_path: Path) -> None:
    point = Point("at dumps", "any", "json", "dumps", "call")
    paths = f"{PROJECT / 'trials' / 'chaos' / 'crashpoint'}"
    env = {
        **os.environ,
        "PYTHONPATH": paths,
        "CHAOS_CRASHPOINTS": json.dumps([point.armed(str(tmp_path / "point"), 2)]),
    }
    program = [sys.executable, "-c", "import json; json.dumps(1); print('lives')"]
    ends = [
        subprocess.run(program, env=env, capture_output=True, check=False, timeout=60).returncode
        for _ in range(3)
    ]
    assert ends == [-signal.SIGKILL, -signal.SIGKILL, 0]


@pytest.mark.parametrize(
    "change",
    [
        {"lost": 1},
        {"merged_twice": 1},
        {"wrong": 1},
        {"events_lost": 1},
        {"duplicate_events": 1},
        {"extra": 2},  # as much as is allowed is too much
        {"misses": ("x",)},
    ],
)
def test_one_of_anything_misses_the_bar(change: dict[str, object]) -> None:
    assert CLEAN.kept
    assert not CLEAN._replace(**change).kept


def test_where_two_reports_differ() -> None:
    assert first_difference({"a": [1, {"b": 2}]}, {"a": [1, {"b": 2}]}, "report") is None
    assert (
        first_difference({"a": [1, {"b": 2}]}, {"a": [1, {"b": 3}]}, "report")
        == "report.a.1.b: 3, not 2"
    )
