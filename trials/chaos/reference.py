"""What must come out: the same files through one clean process, without a queue, a database or a
fault.

``python -m trials.chaos.reference FOLDER OUT ANALYSIS...`` writes OUT: file's SHA-256 to its
chunks, outcomes and report as JSON.
"""

import json
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from earshot.analysis.outcome import Failed, Outcome
from earshot.analysis.report.parts import ChunkSpan, Part, RecordingInfo
from earshot.analysis.report.report import build_report
from earshot.analysis.types import ChunkRef, Interval, Job, Release
from earshot.audio.clip import Clip
from earshot.audio.plan import PlanLimits, speech_in
from earshot.audio.prepare import Prepared, prepare
from earshot.audio.store.source import content_hash
from earshot.models.checkpoints.catalog import default_releases
from trials.chaos import load, script
from workers.gate import at_the_gate
from workers.registry import analyses
from workers.run import run

LIMITS = PlanLimits(
    *(round(seconds * 1000) for seconds in (load.CHUNK_SEC, load.CHUNK_MAX_SEC, load.OVERLAP_SEC))
)


def expected(path: Path, names: list[str], store_url: str) -> dict[str, Any]:
    """Chunks, outcomes and report of one file."""
    prepared = prepare(path, uuid4(), store_url, rates=(load.RATE,), limits=LIMITS, mix=True)
    parts = [
        Part(
            **ref_span(ref).model_dump(),
            chunk=ref.index,
            analysis=name,
            release=_release(name).name,
            outcome=_outcome(name, ref),
        )
        for ref in (_reference(index, span, prepared) for index, span in enumerate(prepared.chunks))
        for name in names
    ]
    parts.sort(
        key=lambda part: (part.analysis, part.chunk)
    )  # as the database gives them: sums of floats depend on their order
    report = build_report(_info(path, prepared, names), parts)
    return {
        "findings": {
            f"{part.chunk} {part.analysis}": [part.release, part.outcome.model_dump(mode="json")]
            for part in parts
        },
        "report": report.model_dump(mode="json"),
    }


def ref_span(ref: ChunkRef) -> Interval:
    return Interval(start_ms=ref.start_ms, end_ms=ref.end_ms)


def _outcome(name: str, ref: ChunkRef) -> Outcome:
    if name == "probe" and isinstance(script.heard(Clip(ref).read()), str):
        return Failed(code="worker_lost", detail="")
    gate = at_the_gate() if analyses()[name].CARD.speech_only else None
    [outcome] = run(
        Job(
            analysis=name,
            batch_id=uuid4(),
            release=_release(name),
            chunks=(ref,),
            gate=gate,
            sent_at=0,
        ),
        "cpu",
    )
    return outcome


def _release(name: str) -> Release:
    without = Release(analysis=name, name=f"{name}-code", runtime="code", uri="", sha256="")
    return default_releases().get(name, without)


def _reference(index: int, span: Interval, prepared: Prepared) -> ChunkRef:
    return ChunkRef(
        **span.model_dump(),
        recording_id=uuid4(),
        index=index,
        audio_uri=prepared.audio[load.RATE],
        sample_rate=load.RATE,
        channels=prepared.channels,
        native_rate=prepared.native_rate,
        speech=speech_in(span, prepared.utterances),
    )


def _info(path: Path, prepared: Prepared, names: list[str]) -> RecordingInfo:
    spans = enumerate(prepared.chunks)
    told = ("duration_ms", "channels", "native_rate", "container", "codec", "notes", "quality")
    facts = {key: getattr(prepared, key) for key in told}
    return RecordingInfo(
        **facts,
        id=uuid4(),
        file_name=path.name,
        sha256=content_hash(path),
        language="en",
        created_at=datetime.now(UTC),
        chunks=tuple(
            ChunkSpan(index=i, **s.model_dump(), speech=speech_in(s, prepared.utterances))
            for i, s in spans
        ),
        analyses=tuple(names),
    )


def main() -> None:
    folder, out, *names = sys.argv[1:]
    unknown = set(names) - set(analyses())
    assert not unknown, f"no analysis named {', '.join(unknown)}"
    answers = {}
    for path in sorted(Path(folder).glob("*.wav")):
        with tempfile.TemporaryDirectory() as store:
            answers[content_hash(path)] = expected(path, names, f"file://{store}")
    Path(out).write_text(json.dumps(answers), encoding="utf-8")


if __name__ == "__main__":
    main()
