"""Our side: every stage of a recording in one process, on one thread, with the CPU seconds of each;
reads one path a line."""

import json
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from earshot.analysis.outcome import Failed
from earshot.analysis.report.parts import RecordingInfo
from earshot.analysis.roles import DEFAULT_ROLES
from earshot.analysis.types import Release
from earshot.audio.alarms.detector import alarms
from earshot.audio.alarms.tones import RATE
from earshot.audio.clip import Clip
from earshot.audio.decoding.decode import decode
from earshot.audio.decoding.frames import Tally
from earshot.audio.decoding.probe import probe
from earshot.audio.features.level import mixed
from earshot.audio.prepare import Prepared, prepare
from earshot.audio.quality.measure import QualityMeter
from earshot.compute import cache
from earshot.models.checkpoints.catalog import load
from earshot.registry import Card, cards
from earshot.settings import settings
from workers.direct import chunk_ref, chunk_refs, describe, job_of
from workers.modules import module
from workers.run import run

BESIDE = ("emotion",)
"""Analyses of GPU pools whose embedded checkpoint runs on the CPU; listed, but not a CPU stage."""


def embedded(analysis: str) -> Release:
    """The release whose network the other side runs too."""
    entries = (entry for entry in load() if entry.kind == "embedded")
    return next(entry.release() for entry in entries if entry.analysis == analysis)


def main() -> None:
    """Answers each path with a line of JSON; the first line is the loading time."""
    analyses = [
        card
        for card in cards()
        if card.scope == "chunk" and (card.pool == "cpu" or card.name in BESIDE)
    ]
    cpu: dict[str, float] = {}
    with _timed(cpu, "load"):
        for card in analyses:
            cache.get(module(card.name).load, embedded(card.name), "cpu")
    pools = {card.name: card.pool for card in analyses}
    print(json.dumps({"cpu": cpu, "pools": pools}), flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for line in sys.stdin:
            print(
                json.dumps(_measured(Path(line.strip()), f"file://{folder}", analyses)), flush=True
            )


def _measured(path: Path, store_url: str, analyses: list[Card]) -> dict[str, Any]:
    cpu: dict[str, float] = {}
    recording_id = uuid4()
    with _timed(cpu, "ingest"):
        prepared = prepare(
            path, recording_id, store_url, rates={card.sample_rate for card in analyses}
        )
    # Calls and meetings: two channels are two speakers, one is any number (``trials.bench.hour``).
    roles = DEFAULT_ROLES if prepared.channels == len(DEFAULT_ROLES) else ()
    names = tuple(card.name for card in analyses)
    info = describe(path, recording_id, prepared, roles=roles, language="en", names=names)
    _quality(path, cpu)
    for card in analyses:
        with _timed(cpu, card.name):
            for ref in chunk_refs(card, info, prepared):
                [outcome] = run(job_of(embedded(card.name), [ref]), "cpu")
                if isinstance(outcome, Failed):
                    raise RuntimeError(
                        f"{card.name} failed on chunk {ref.index} of {path}: {outcome.detail}"
                    )
    _alarms(info, prepared, cpu)
    return {"cpu": cpu, "work": _work(path, info)}


def _alarms(info: RecordingInfo, prepared: Prepared, cpu: dict[str, float]) -> None:
    """The alarm detector's part of noise, measured separately in a second run."""
    for span in info.chunks:
        clip = Clip(chunk_ref(info, prepared, RATE, span))
        sound = mixed(clip.read())
        with _timed(cpu, "alarms"):
            alarms(sound, RATE, clip.ref, settings().alarm_threshold)


def _quality(path: Path, cpu: dict[str, float]) -> None:
    """The part of ingest for quality, measured separately in a second run."""
    found, blocks = probe(path), []
    for block in decode(path, found, Tally()):
        blocks.append(block)
    with _timed(cpu, "quality"):
        meter = QualityMeter(found)
        for block in blocks:
            meter.update(block)
        meter.judge([None] * found.channels)


def _work(path: Path, info: RecordingInfo) -> dict[str, Any]:
    """The input of the other side: chunks, speech, and each channel's role."""
    chunks = [
        {
            "start_ms": chunk.start_ms,
            "end_ms": chunk.end_ms,
            "speech": [(each.channel, each.start_ms, each.end_ms) for each in chunk.speech],
        }
        for chunk in info.chunks
    ]
    return {"path": str(path), "chunks": chunks, "roles": info.roles}


@contextmanager
def _timed(cpu: dict[str, float], name: str) -> Iterator[None]:
    began = time.process_time()
    yield
    cpu[name] = cpu.get(name, 0.0) + time.process_time() - began


if __name__ == "__main__":
    main()
