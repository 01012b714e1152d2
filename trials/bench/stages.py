"""Our side: every stage of a recording in one process, on one thread, and the CPU seconds of each;
one path a line comes in."""

import json
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from earshot.analysis.outcome import Failed
from earshot.analysis.types import Interval, Job
from earshot.audio.alarms.detector import alarms
from earshot.audio.alarms.tones import RATE
from earshot.audio.clip import Clip
from earshot.audio.decoding.decode import decode
from earshot.audio.decoding.frames import Tally
from earshot.audio.decoding.probe import probe
from earshot.audio.features.level import mixed
from earshot.audio.plan import speech_in
from earshot.audio.prepare import Prepared, prepare
from earshot.audio.quality.measure import QualityMeter
from earshot.compute import cache
from earshot.models.checkpoints.catalog import default_releases
from earshot.settings import settings
from trials.bench.floor import ROLES, reference
from workers.contract import Card
from workers.registry import analyses, cards
from workers.run import run

BESIDE = ("emotion",)
"""Analyses of GPU pools whose embedded checkpoint runs on the CPU; told, but no CPU stage."""


def main() -> None:
    """Answers each path with a line of JSON; before the first, what loading took."""
    heard = [
        card
        for card in cards()
        if card.scope == "chunk" and (card.pool == "cpu" or card.name in BESIDE)
    ]
    cpu: dict[str, float] = {}
    with _timed(cpu, "load"):
        for card in heard:
            cache.get(analyses()[card.name].load, default_releases()[card.name], "cpu")
    pools = {card.name: card.pool for card in heard}
    print(json.dumps({"cpu": cpu, "pools": pools}), flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for line in sys.stdin:
            print(json.dumps(_measured(Path(line.strip()), f"file://{folder}", heard)), flush=True)


def _measured(path: Path, store_url: str, heard: list[Card]) -> dict[str, Any]:
    cpu: dict[str, float] = {}
    recording_id = uuid4()
    with _timed(cpu, "ingest"):
        prepared = prepare(
            path, recording_id, store_url, rates={card.sample_rate for card in heard}
        )
    _quality(path, cpu)
    for card in heard:
        with _timed(cpu, card.name):
            for index, span in enumerate(prepared.chunks):
                ref = reference(recording_id, index, span, prepared, card.sample_rate)
                release = default_releases()[card.name]
                [outcome] = run(
                    Job(
                        analysis=card.name,
                        batch_id=recording_id,
                        release=release,
                        chunks=(ref,),
                        sent_at=0,
                    ),
                    "cpu",
                )
                if isinstance(outcome, Failed):
                    raise RuntimeError(
                        f"{card.name} failed on chunk {index} of {path}: {outcome.detail}"
                    )
    _alarms(recording_id, prepared, cpu)
    return {"cpu": cpu, "work": _work(path, prepared)}


def _alarms(recording_id: UUID, prepared: Prepared, cpu: dict[str, float]) -> None:
    """The part of noise that its detector of alarms takes; measured by itself, once more."""
    for index, span in enumerate(prepared.chunks):
        clip = Clip(reference(recording_id, index, span, prepared, RATE))
        sound = mixed(clip.read())
        with _timed(cpu, "alarms"):
            alarms(sound, RATE, clip.ref, settings().alarm_threshold)


def _quality(path: Path, cpu: dict[str, float]) -> None:
    """The part of ingest that quality takes; measured by itself, once more."""
    found, blocks = probe(path), []
    for block in decode(path, found, Tally()):
        blocks.append(block)
    with _timed(cpu, "quality"):
        meter = QualityMeter(found)
        for block in blocks:
            meter.heard(block)
        meter.judge([None] * found.channels)


def _work(path: Path, prepared: Prepared) -> dict[str, Any]:
    """What the other side needs to analyse the same: chunks, speech, and each channel's role."""
    chunks = [
        {**chunk.model_dump(), "speech": _speech(chunk, prepared)} for chunk in prepared.chunks
    ]
    roles = ROLES if prepared.channels == len(ROLES) else ()
    return {"path": str(path), "chunks": chunks, "roles": roles}


def _speech(chunk: Interval, prepared: Prepared) -> list[tuple[int, int, int]]:
    return [
        (each.channel, each.start_ms, each.end_ms) for each in speech_in(chunk, prepared.utterances)
    ]


@contextmanager
def _timed(cpu: dict[str, float], name: str) -> Iterator[None]:
    began = time.process_time()
    yield
    cpu[name] = cpu.get(name, 0.0) + time.process_time() - began


if __name__ == "__main__":
    main()
