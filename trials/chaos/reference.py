"""The expected results: the same files through one clean process, without a queue, a database or a
fault.

``python -m trials.chaos.reference FOLDER OUT ANALYSIS...`` writes OUT: file's SHA-256 to its
chunks, outcomes and report as JSON.
"""

import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from earshot.analysis.outcome import Failed, Outcome
from earshot.analysis.report.report import build_report
from earshot.analysis.types import Job
from earshot.audio.clip import Clip
from earshot.audio.plan import PlanLimits
from earshot.models.checkpoints.defaults import default_release
from earshot.pipeline.releases import gate_release
from earshot.registry import analyses
from trials.chaos import load, script
from workers.direct import Analyser
from workers.run import run


def analyser(names: Sequence[str], store_url: str) -> Analyser:
    """Cuts as the harness's stacks do; one chunk a job, so that no outcome depends on another."""
    return Analyser(
        store_url,
        {name: default_release(name) for name in names},
        PlanLimits.of_seconds(load.CHUNK_SEC, load.CHUNK_MAX_SEC, load.OVERLAP_SEC),
        gate=gate_release(),
        batch_size=1,
        runner=_run,
    )


def expected(path: Path, analyser: Analyser) -> dict[str, Any]:
    """Chunks, outcomes and report of one file."""
    evidence = analyser.analyse(path, roles=()).evidence
    report = build_report(evidence.recording, evidence.parts)
    return {
        "findings": {
            f"{part.chunk} {part.analysis}": [part.release, part.outcome.model_dump(mode="json")]
            for part in evidence.parts
        },
        "report": report.model_dump(mode="json"),
    }


def _run(job: Job, device: str) -> list[Outcome]:
    """The outcomes of the job; a chunk whose script kills its worker is not run here."""
    (ref,) = job.chunks
    if job.analysis == "probe" and isinstance(script.command(Clip(ref).read()), str):
        return [Failed(code="worker_lost", detail="")]
    return run(job, device)


def main() -> None:
    folder, out, *names = sys.argv[1:]
    unknown = set(names) - set(analyses())
    assert not unknown, f"no analysis named {', '.join(unknown)}"
    answers = {}
    with tempfile.TemporaryDirectory() as store:
        in_process = analyser(names, f"file://{store}")
        for path in sorted(Path(folder).glob("*.wav")):
            wanted = expected(path, in_process)
            answers[wanted["report"]["recording"]["sha256"]] = wanted
    Path(out).write_text(json.dumps(answers), encoding="utf-8")


if __name__ == "__main__":
    main()
