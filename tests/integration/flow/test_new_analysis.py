"""A new analysis is one module and one registry line: done to a copy of the project, it appears
everywhere by itself."""

import json
import os
import subprocess
import sys
from pathlib import Path
from uuid import UUID

import pytest
from redis import Redis

from earshot.analysis.types import TRANSCRIPT
from earshot.audio.store.layout import delete_recording
from earshot.settings import PROJECT
from earshot.storage import retention
from earshot.storage.postgres import db, recordings
from earshot.storage.redis import stream
from tests import project_copy
from tests.integration.enqueue import enqueue
from tests.integration.wire import Wire
from tests.servers import Stack

pytestmark = pytest.mark.integration

MODULE = '''"""How loud a chunk is, as one of two labels."""

from collections.abc import Sequence

from earshot.analysis.findings import Classification, Findings
from earshot.analysis.types import Release
from earshot.audio.clip import Clip


class LoudnessFindings(Findings):
    rms: float

    def classification(self) -> Classification:
        loud = min(1.0, round(self.rms * 10, 4))
        scores = {"loud": loud, "quiet": round(1 - loud, 4)}
        label = max(scores, key=scores.__getitem__)
        return Classification(label=label, confidence=scores[label], scores=scores)


FINDINGS = LoudnessFindings


def load(release: Release, device: str) -> None:
    """Nothing to load."""


def analyze(model: None, clips: Sequence[Clip]) -> list[LoudnessFindings]:
    return [LoudnessFindings(rms=float((clip.read() ** 2).mean() ** 0.5)) for clip in clips]
'''


READER = '''"""How many words were said, as one of two labels."""

from collections.abc import Sequence

from earshot.analysis.findings import Classification, Findings
from earshot.analysis.types import Release
from earshot.audio.clip import Clip


class LengthFindings(Findings):
    words: int

    def classification(self) -> Classification:
        label = "long" if self.words > 20 else "short"
        return Classification(label=label, confidence=1.0, scores={label: 1.0})


FINDINGS = LengthFindings


def load(release: Release, device: str) -> None:
    """Nothing to load."""


def analyze(model: None, clips: Sequence[Clip]) -> list[LengthFindings]:
    turns = [clip.transcript().turns for clip in clips]
    return [LengthFindings(words=sum(len(turn.words) for turn in each)) for each in turns]
'''


MISSING = """
from earshot.analysis.report.report import build_report
from tests.sounds.call_parts import parts, recording

asked = recording().model_copy(update={"analyses": (*recording().analyses, "length")})
print([(each.analysis, each.chunk) for each in build_report(asked, parts()).missing])
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the project with the module and its line."""
    folder = project_copy.copy(tmp_path / "project")
    (folder / "workers" / "loudness.py").write_text(MODULE, encoding="utf-8")
    project_copy.register(folder, "loudness", "workers.loudness")
    return folder


def run(project: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    """A module of the copy, as a developer runs it there."""
    return subprocess.run(
        [sys.executable, "-m", *words],
        cwd=project, env={**os.environ, "PYTHONPATH": str(project)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def pytest_of(project: Path, tests: str) -> "subprocess.CompletedProcess[str]":
    return run(project, "pytest", "-q", "-p", "no:cacheprovider", tests, "-k", "loudness")


def test_the_conformance_tests_of_the_copy_pass(project: Path) -> None:
    done = run(
        project, "pytest", "-q", "-p", "no:cacheprovider", "tests/conformance", "-k", "loudness"
    )
    assert done.returncode == 0, done.stdout
    assert int(done.stdout.split(" passed")[0].split()[-1]) >= 20


def test_what_stands_elsewhere_is_named(project: Path) -> None:
    done = pytest_of(project, "tests/unit/tasks/test_registry.py")
    assert done.returncode == 1, done.stdout
    assert "docker-compose.yml lacks a service, add:" in done.stdout
    assert "test_task_names.py lacks the name" in done.stdout
    assert "compose.cpu.yml lacks" not in done.stdout


BROKEN = """
from earshot.analysis.errors import Misconfigured
from earshot.models.checkpoints.defaults import default_release
from tasks.process.checks import check
from tests.chunks import chunk
from workers.direct import job_of
from workers.run import run
(outcome,) = run(job_of(default_release("broken"), [chunk(1000)]), "cpu")
print(outcome.code, outcome.detail)
for queues in ({"broken"}, {"finalize"}):
    try:
        check(queues)
    except Misconfigured as error:
        print(error)
"""


def test_a_line_that_names_nothing_fails_its_jobs_and_stops_its_workers(tmp_path: Path) -> None:
    folder = project_copy.copy(tmp_path / "project")
    registry = folder / "earshot" / "registry.py"
    line = 'CARDS = (\n    Card("broken", "workers.nowhere", "cpu", section="x.y:z"),\n'
    registry.write_text(registry.read_text().replace("CARDS = (\n", line), encoding="utf-8")
    urls = {"EARSHOT_REDIS_URL": "redis://127.0.0.1:1", "EARSHOT_DATABASE_URL": "postgresql://x"}
    done = subprocess.run(
        [sys.executable, "-c", BROKEN],
        cwd=folder, env={**os.environ, **urls, "PYTHONPATH": str(folder)},
        stdout=subprocess.PIPE, text=True, check=True,
    )  # fmt: skip
    module = "workers.nowhere cannot be imported: No module named 'workers.nowhere'"
    section = "x.y:z cannot be imported: No module named 'x'"
    assert done.stdout.splitlines() == [f"registry {module}", module, section]


def test_a_manifest_that_names_its_labels_is_enough_to_measure_it(
    project: Path, tmp_path: Path
) -> None:
    call = PROJECT / "demo" / "call.ogg"
    rows = tmp_path / "labels.jsonl"
    rows.write_text(json.dumps({"path": call.name, "loudness": "loud"}) + "\n", encoding="utf-8")
    out = tmp_path / "metrics.json"
    done = run(
        project, "earshot", "evaluate", "--manifest", str(rows), "--root", str(call.parent),
        "--analysis", "loudness", "--out", str(out),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    ((name, figures),) = json.loads(out.read_text(encoding="utf-8")).items()
    assert (name, figures["release"]) == ("loudness", "loudness-code")
    assert (figures["n"], figures["accuracy"]) == (1, 1.0)


def test_one_module_and_one_line_reach_the_chord_the_rows_and_the_event(
    stage: Stack, project: Path
) -> None:
    stage.project = project
    uri = stage.offer(PROJECT / "demo" / "call.ogg")
    core = stage.workers("core", "ingest", "merge", "finalize", "upkeep")
    with core, stage.workers("analyses", "loudness", "scene"), Wire(stage.redis_url) as wire:
        reply = enqueue(stage, {"uri": uri, "analyses": ["scene", "loudness"]})
        assert stage.wait_finished(reply["recording_id"]) == "complete"
    assert {"analyze.scene", "analyze.loudness"} <= {message["task"] for message in wire.messages}
    with db.connect(stage.database_url) as connection:
        rows = connection.execute(
            "SELECT analysis, count(*) AS n FROM finding GROUP BY analysis"
        ).fetchall()
        report = recordings.report(connection, reply["recording_id"])
    found = {row["analysis"]: row["n"] for row in rows}
    assert found["loudness"] == found["scene"] > 1
    assert report is not None
    assert len(report["classifications"]["loudness"]) == found["loudness"]
    told = [
        event for _, event in stream.read(Redis.from_url(stage.redis_url)) if "loudness" in event
    ]
    assert len(told) == found["loudness"]
    assert set(told[0]["loudness"]["scores"]) == {"loud", "quiet"}


def test_an_analysis_of_the_transcript_runs_when_all_else_is_merged(
    stage: Stack, tmp_path: Path
) -> None:
    stage.project = project_copy.copy(tmp_path / "project")
    (stage.project / "workers" / "length.py").write_text(READER, encoding="utf-8")
    project_copy.register(stage.project, "length", "workers.length", scope="transcript")
    uri = stage.offer(PROJECT / "demo" / "call.ogg")
    core = stage.workers("core", "ingest", "merge", "finalize", "upkeep")
    asked = ["asr", "length"]
    with core, stage.workers("analyses", "asr", "length"), Wire(stage.redis_url) as wire:
        reply = enqueue(stage, {"uri": uri, "analyses": asked})
        assert stage.wait_finished(reply["recording_id"]) == "complete"
        with db.connect(stage.database_url) as connection:
            first = recordings.report(connection, reply["recording_id"])
        planned = stage.earshot("rerun", reply["recording_id"], "--analysis", "asr", "--dry-run")
        assert planned.stdout.endswith("length of the transcript\n"), planned.stdout
        again = stage.earshot("rerun", reply["recording_id"], "--analysis", "asr")
        assert again.returncode == 0, again.stderr
        assert again.stdout.startswith(planned.stdout)
        assert "Traceback" not in again.stderr
        expire_audio(stage, reply["recording_id"])
        refused = stage.earshot("rerun", reply["recording_id"], "--analysis", "asr,length")
        assert refused.stderr.startswith("audio_expired"), refused.stderr
        alone = stage.earshot("rerun", reply["recording_id"], "--analysis", "length")
        assert alone.returncode == 0, alone.stderr
    assert first is not None
    words = sum(len(turn["words"]) for turn in first["turns"])
    (answer,) = first["classifications"]["length"]
    assert (answer["chunk"], answer["label"], answer["end_ms"]) == (
        TRANSCRIPT,
        "long",
        first["recording"]["duration_ms"],
    )
    assert words > 20
    events = [event for _, event in stream.read(Redis.from_url(stage.redis_url))]
    told = [event for event in events if "length" in event]
    assert [(event["chunk"], event["round"]) for event in told] == [(None, 1)]
    order = [message["task"] for message in wire.messages]
    asr, length = (order.index(f"analyze.{name}") for name in asked)
    assert asr < length
    assert order.count("analyze.length") == 3, "words that change are read again, and when asked"
    with db.connect(stage.database_url) as connection:
        last = recordings.report(connection, reply["recording_id"])
    assert last is not None
    assert (last["status"], last["classifications"]) == ("complete", first["classifications"])
    assert not list((stage.home / "audio" / "recordings").rglob("*.json"))


def expire_audio(stage: Stack, recording_id: str) -> None:
    """What retention does to a recording of that age."""
    with db.connect(stage.database_url) as connection, connection.transaction():
        delete_recording(f"file://{stage.home}/audio", UUID(recording_id))
        retention.audio_expired(connection, [UUID(recording_id)])


def test_an_analysis_of_the_transcript_that_never_ran_is_missing_there(tmp_path: Path) -> None:
    project = project_copy.copy(tmp_path / "project")
    project_copy.register(project, "length", "workers.length", scope="transcript")
    done = subprocess.run(
        [sys.executable, "-c", MISSING],
        cwd=project, env={**os.environ, "PYTHONPATH": str(project)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout == f"[('length', {TRANSCRIPT})]\n", done.stderr
