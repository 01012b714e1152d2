"""What is spoken: recordings one after another, with a pause behind each."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soxr

from earshot.analysis.types import PAD_MS, Interval
from earshot.audio.decoding.decode import decode
from earshot.audio.decoding.frames import Tally
from earshot.audio.decoding.probe import probe
from earshot.audio.speech.vad import SpeechDetector
from earshot.compute.sound import SAMPLE_RATE, Samples
from earshot.settings import PROJECT

DATA = PROJECT.parent / "shared" / "data"
FOLDERS = ("asr/librispeech_test-other", "asr/librispeech_test-clean", "asr/librivox")
PAUSE_SEC = 1.0


class Spoken(NamedTuple):
    """The sound of a session, and what is known of it."""

    samples: Samples
    text: str
    speech: tuple[Interval, ...]
    """Of the batch lane's detector, without its padding."""


def sessions(count: int, recordings: int) -> list[Spoken]:
    """So many sessions of different recordings each, as far as there are enough."""
    rows = [json.loads(line) for line in (DATA / "labels.jsonl").read_text().splitlines()]
    known = [row for row in rows if row.get("text") and row["path"].startswith(FOLDERS)]
    step = max(1, len(known) // (count * recordings))
    chosen = known[::step]
    return [_session(chosen[index::count][:recordings]) for index in range(count)]


def _session(rows: Sequence[dict[str, str]]) -> Spoken:
    pause = np.zeros(round(PAUSE_SEC * SAMPLE_RATE), np.float32)
    parts = [part for row in rows for part in (_read(DATA / row["path"]), pause)]
    # What a client sends: PCM16.
    sound = np.clip(np.concatenate([pause, *parts]), -1, 1)
    samples = (sound * 32_767).astype("<i2").astype(np.float32) / np.float32(32_768)
    detector = SpeechDetector(0)
    detector.feed(samples)
    speech = tuple(
        Interval(start_ms=each.start_ms + PAD_MS, end_ms=each.end_ms - PAD_MS)
        for each in detector.finish()
    )
    return Spoken(samples, " ".join(row["text"] for row in rows), speech)


def _read(path: Path) -> Samples:
    found = probe(path)
    sound = np.concatenate(list(decode(path, found, Tally())), axis=1).mean(axis=0)
    made: Samples = soxr.resample(sound, found.sample_rate, SAMPLE_RATE).astype(np.float32)
    return made
