"""One recording through the analyses in this process."""

from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest

from earshot.analysis.errors import BadAudio, Permanent
from earshot.analysis.outcome import Outcome, Skipped
from earshot.analysis.report.report import build_report
from earshot.analysis.types import MOST_CHUNKS, Job
from earshot.audio.plan import PlanLimits
from earshot.models.checkpoints.defaults import default_releases
from tests.sounds.audio_files import tone, write
from workers.direct import Analyser

RELEASES = {name: default_releases()[name] for name in ("scene", "diarization")}


class Recorder:
    """Stands where the runner stands and keeps its jobs."""

    def __init__(self) -> None:
        self.jobs: list[Job] = []

    def __call__(self, job: Job, device: str) -> list[Outcome]:
        self.jobs.append(job)
        return [Skipped(reason=f"chunk {ref.index}") for ref in job.chunks]


def test_a_long_recording_becomes_jobs_that_a_message_could_hold(tmp_path: Path) -> None:
    runner = Recorder()
    path = write(tmp_path / "long.wav", tone(70), 16_000, "pcm_s16le")
    limits = PlanLimits(target_ms=1_000, max_ms=1_000, overlap_ms=0)
    analyser = Analyser(f"file://{tmp_path}/store", RELEASES, limits, runner=runner)
    evidence = analyser.analyse(path).evidence
    count = len(evidence.recording.chunks)
    assert MOST_CHUNKS < count < 2 * MOST_CHUNKS
    sizes = [(job.analysis, len(job.chunks)) for job in runner.jobs]
    assert sizes == [("scene", MOST_CHUNKS), ("scene", count - MOST_CHUNKS), ("diarization", 1)]
    scenes = [part for part in evidence.parts if part.analysis == "scene"]
    assert [part.chunk for part in scenes] == list(range(count))
    assert [part.outcome for part in scenes] == [
        Skipped(reason=f"chunk {index}") for index in range(count)
    ]
    assert build_report(evidence.recording, evidence.parts).status == "complete"


def test_facts_are_those_of_ingest_and_nothing_stays_in_the_store(tmp_path: Path) -> None:
    path = write(
        tmp_path / "call.wav", np.concatenate([tone(2), tone(2, hz=900)]), 16_000, "pcm_s16le"
    )
    runner = Recorder()
    analysed = Analyser(f"file://{tmp_path}/store", RELEASES, runner=runner).analyse(
        path, ["scene"]
    )
    recording = analysed.evidence.recording
    assert (recording.roles, recording.channels, recording.language) == (
        ("agent", "customer"),
        2,
        "en",
    )
    assert (recording.codec, recording.analyses, analysed.seconds) == ("pcm_s16le", ("scene",), 2)
    assert recording.quality is not None
    assert [ref.roles for ref in runner.jobs[0].chunks] == [("agent", "customer")]
    assert [path for path in (tmp_path / "store").rglob("*") if path.is_file()] == []


def test_one_signal_on_two_channels_has_no_roles(tmp_path: Path) -> None:
    path = write(tmp_path / "dual.wav", np.repeat(tone(2), 2, axis=0), 16_000, "pcm_s16le")
    runner = Recorder()
    recording = (
        Analyser(f"file://{tmp_path}/store", RELEASES, runner=runner)
        .analyse(path)
        .evidence.recording
    )
    assert (recording.dual_mono, recording.roles, recording.channels) == (True, (), 1)


def test_what_cannot_be_read_is_an_error_of_the_recording(tmp_path: Path) -> None:
    analyser = Analyser(f"file://{tmp_path}/store", RELEASES, runner=Recorder())
    (tmp_path / "text.wav").write_text(str(uuid4()))
    with pytest.raises(BadAudio):
        analyser.analyse(tmp_path / "text.wav")
    mono = write(tmp_path / "mono.wav", tone(1), 16_000, "pcm_s16le")
    with pytest.raises(Permanent, match="2 roles for 1 channels"):
        analyser.analyse(mono, roles=("agent", "customer"))
