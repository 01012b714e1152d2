"""A new analysis is one module and one registry line: done to a copy of the project, it appears
everywhere by itself."""

from pathlib import Path

import pytest
from redis import Redis

from earshot.settings import PROJECT
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


def test_one_module_and_one_line_reach_the_chord_the_rows_and_the_event(
    stage: Stack, tmp_path: Path
) -> None:
    stage.project = project_copy.copy(tmp_path / "project")
    (stage.project / "workers" / "loudness.py").write_text(MODULE, encoding="utf-8")
    project_copy.register(stage.project, "loudness", "workers.loudness")
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
