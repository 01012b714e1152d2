"""The floor: one process that decodes, analyses and reports one recording after the other, with no
queue and no database."""

import json
import resource
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

from earshot.analysis.report.parts import ChunkSpan, Part, RecordingInfo
from earshot.analysis.report.report import build_report
from earshot.analysis.types import WHOLE, ChunkRef, Interval, Job
from earshot.audio.plan import speech_in
from earshot.audio.prepare import Prepared, prepare
from earshot.models.checkpoints.catalog import default_releases
from workers.registry import cards
from workers.run import run

ROLES = ("agent", "customer")


def listen(path: Path, store_url: str) -> None:
    """Everything the system does for one recording, called directly."""
    recording_id = uuid4()
    # Calls and meetings: two channels are two speakers, one is any number of them (see
    # ``trials.bench.hour``).
    prepared = prepare(path, recording_id, store_url, rates={card.sample_rate for card in cards()})
    whole = Interval(start_ms=0, end_ms=prepared.duration_ms)
    spans = {WHOLE: whole, **dict(enumerate(prepared.chunks))}
    parts = []
    for card in cards():
        for index, span in spans.items():
            if (index == WHOLE) == (card.scope == "recording"):
                ref = reference(recording_id, index, span, prepared, card.sample_rate)
                release = default_releases()[card.name]
                job = Job(
                    analysis=card.name,
                    batch_id=recording_id,
                    release=release,
                    chunks=(ref,),
                    sent_at=0,
                )
                [outcome] = run(job, "auto")
                said = {"analysis": card.name, "release": release.name, "outcome": outcome}
                parts.append(Part.model_validate({**span.model_dump(), "chunk": index, **said}))
    build_report(_info(recording_id, path, prepared), parts)


def reference(
    recording_id: UUID, index: int, span: Interval, prepared: Prepared, rate: int
) -> ChunkRef:
    return ChunkRef(
        **span.model_dump(),
        recording_id=recording_id,
        index=index,
        audio_uri=prepared.audio[rate],
        sample_rate=rate,
        channels=prepared.channels,
        native_rate=prepared.native_rate,
        roles=ROLES if prepared.channels == len(ROLES) else (),
        speech=speech_in(span, prepared.utterances),
    )


def _info(recording_id: UUID, path: Path, prepared: Prepared) -> RecordingInfo:
    spans = enumerate(prepared.chunks)
    return RecordingInfo(
        id=recording_id,
        file_name=path.name,
        sha256="",
        duration_ms=prepared.duration_ms,
        channels=prepared.channels,
        native_rate=prepared.native_rate,
        roles=ROLES if prepared.channels == len(ROLES) else (),
        language="en",
        created_at=datetime.now(UTC),
        chunks=tuple(
            ChunkSpan(index=i, **s.model_dump(), speech=speech_in(s, prepared.utterances))
            for i, s in spans
        ),
        analyses=tuple(card.name for card in cards()),
    )


def main() -> None:
    """Prints wall and CPU seconds and peak memory of this process as JSON."""
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        for path in sys.argv[1:]:
            listen(Path(path), f"file://{folder}")
    usage = resource.getrusage(resource.RUSAGE_SELF)
    figures = {
        "wall": time.perf_counter() - began,
        "cpu": usage.ru_utime + usage.ru_stime,
        "peak_mb": usage.ru_maxrss / 1024,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
