"""Decodes five intact files of every kind: compares length and position of the audio."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

from earshot.analysis.errors import EarshotError
from earshot.audio.prepare import Prepared, prepare
from earshot.audio.store.pcm import read_pcm
from trials.formats.kinds import Kind
from trials.formats.make import make
from trials.formats.sounds import CHANNEL_HZ, MARKS_HZ, compose, found_at, marks

LENGTHS_SEC = (2.0, 3.7, 6.25, 11.0, 20.3)
SHORT_SEC, LONG_SEC = 0.15, 0.3
"""Tolerances for rounding and delay at the end, and for two packets of padding; beyond, audio is
missing or added."""
RATE = 16_000


@dataclass
class Verdict:
    """Results of the files of one kind."""

    files: int = 0
    seconds_in: float = 0.0
    seconds_analysed: float = 0.0
    notes: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    """Audio that is missing or in the wrong place without a note; refused files."""


def listen(kind: Kind, folder: Path) -> Verdict:
    """Encodes the files, each of another length, alternating the rates and channels of the kind,
    and decodes them."""
    verdict = Verdict()
    for number, seconds in enumerate(LENGTHS_SEC):
        rate = kind.rates[number % len(kind.rates)]
        channels = kind.channels[number % len(kind.channels)]
        path = make(kind, folder, str(number), compose(seconds, rate, channels), rate)
        verdict.files += 1
        verdict.seconds_in += seconds
        try:
            _hear(prepare(path, uuid4(), f"file://{folder}/store"), seconds, channels, verdict)
        except EarshotError as error:
            verdict.faults.append(f"{seconds} s at {rate} Hz: {error.code}")
    return verdict


def _hear(ready: Prepared, seconds: float, channels: int, verdict: Verdict) -> None:
    verdict.seconds_analysed += ready.duration_ms / 1000
    verdict.notes.update(ready.notes)
    if not -SHORT_SEC < ready.duration_ms / 1000 - seconds < LONG_SEC:
        verdict.faults.append(
            f"{ready.duration_ms / 1000:.2f} s of {seconds} s{' (noted)' if ready.notes else ''}"
        )
    if ready.channels != channels:
        verdict.faults.append(f"{ready.channels} channels of {channels}")
    samples = read_pcm(ready.audio[RATE], RATE, ready.channels, 0, ready.duration_ms)
    for channel, line in enumerate(samples):
        for hz, expected in zip(MARKS_HZ, marks(seconds), strict=True):
            at = found_at(line, RATE, hz + channel * CHANNEL_HZ)
            if at is None or abs(at - expected) > SHORT_SEC:
                where = "nowhere" if at is None else f"at {at:.2f} s"
                verdict.faults.append(
                    f"channel {channel}: the tone of {expected:.2f} s of {seconds} s is {where}"
                )
