"""Alarms over recorded sound, for measuring the detector: split by source file, the same on every
machine."""

import itertools
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from earshot.analysis.findings import Alarm
from earshot.audio.alarms.rhythm import T3, T4, Rhythm
from earshot.audio.features.spectra import Array
from evaluation.manifest import read
from training.data.alarm_sounds import Sounded, in_a_room, over, over_the_telephone, sound
from training.data.datasets import RATE, waveform

SECONDS = 25
VOICES = ("librispeech_test-other", "librispeech_test-clean", "librivox")
KINDS = {
    "speech": (
        *(f"asr/{name}" for name in VOICES),
        "speaker/librispeech_train-clean-100",
        "emotion/emodb",
        "emotion/urdu",
        "diarization/ami_debug",
    ),
    "noise": ("noise/esc10",),
    "music": ("scene/librosa", "scene/pyaudio3"),
}
"""Backgrounds by kind. Of scene/pyaudio3 only recordings labelled music."""
KINDS_OF_ALARM = tuple(itertools.product((T3, T4), (3100, 520)))
DEVELOPED_ON, HELD_OUT = 0, 1
SAME_PLACE_SEC = 0.5
SAME_PITCH = 0.1


@dataclass(frozen=True)
class Setting:
    """Common parameters of some trials."""

    kind: str
    snr: float  # dB, RMS of the alarm while it sounds over RMS of the background
    telephone: bool
    groups: int | None = None  # None: the alarm continues to the end


@dataclass(frozen=True)
class Trial:
    """One alarm over one background."""

    waveform: Array
    alarm: Sounded
    rhythm: Rhythm
    nominal: int

    def found_in(self, found: Sequence[Alarm]) -> bool:
        """True if this alarm was found: its rhythm, its pitch, and the start of one of its
        groups."""
        return any(
            each.pattern == self.rhythm.name
            and abs(each.frequency_hz / self.alarm.hertz - 1) < SAME_PITCH
            and any(
                abs(each.start_ms / 1000 - start) < SAME_PLACE_SEC for start in self.alarm.starts
            )
            for each in found
        )


def half(path: Path) -> int:
    """``DEVELOPED_ON`` or ``HELD_OUT``, by the name of the file."""
    return zlib.crc32(path.name.encode()) % 2


def sources(data: Path, kind: str, part: int) -> list[Path]:
    """Recordings of one kind on one side of the split."""
    rows = [row for row in read(data / "labels.jsonl") if row.source in KINDS[kind]]
    paths = [
        data / row.path
        for row in rows
        if row.source != "scene/pyaudio3" or row.value_of("label") == "music"
    ]
    return [path for path in paths if half(path) == part]


def background(random: np.random.Generator, paths: Sequence[Path]) -> Array:
    """A chunk of recordings in random order, one after the other, at their own levels."""
    parts: list[Array] = []
    while sum(map(len, parts)) < SECONDS * RATE:
        parts.append(waveform(paths[random.integers(len(paths))]))
    joined = np.concatenate(parts)
    start = random.integers(len(joined) - SECONDS * RATE + 1)
    return joined[start : start + SECONDS * RATE]


def trials(data: Path, setting: Setting, part: int, count: int) -> Iterator[Trial]:
    """``count`` alarms of every rhythm and pitch; the same for the same arguments."""
    paths = sources(data, setting.kind, part)
    random = np.random.default_rng(zlib.crc32(f"{setting} {part}".encode()))
    for _, (rhythm, nominal) in itertools.product(range(count), KINDS_OF_ALARM):
        under = background(random, paths)
        alarm = sound(random, rhythm, nominal, len(under), setting.groups)
        wet = in_a_room(random, alarm.waveform) if random.random() < 0.5 else alarm.waveform
        both = over(under, alarm, wet, setting.snr)
        yield Trial(over_the_telephone(both) if setting.telephone else both, alarm, rhythm, nominal)
