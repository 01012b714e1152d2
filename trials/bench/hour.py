"""Composes the audio to measure with: calls and meetings of recorded clips, or of the demo call
without any."""

import json
from collections.abc import Iterator
from itertools import count, cycle
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from earshot.audio.alarms.rhythm import T3
from earshot.audio.alarms.tones import PITCHES
from earshot.audio.decoding.decode import decode
from earshot.audio.decoding.frames import Tally
from earshot.audio.decoding.probe import probe
from earshot.settings import PROJECT

RATE = 16_000
CALL_SEC = 300
SHIFT_SEC = 7
ALARM_SEC = 5
DATA = PROJECT.parent / "shared" / "data"
DEMO = PROJECT / "demo" / "call.ogg"

Sound = NDArray[np.float32]


def compose(folder: Path, minutes: float) -> list[Path]:
    """Writes recordings of five minutes, alternately a two-channel call and a one-channel meeting,
    ``minutes`` long in total. The first one contains a fire alarm, so that the workers' code for
    alarms is used."""
    sounds = clips()
    left = round(minutes * 60)
    paths: list[Path] = []
    while left > 0:
        seconds = min(CALL_SEC, left)
        channels = 2 if len(paths) % 2 == 0 else 1
        path = folder / f"{len(paths):02d}.wav"
        sound = fill(sounds, seconds * RATE, channels)
        if not paths:
            _alarm(sound[0])
        write(path, sound)
        paths.append(path)
        left -= seconds
    return paths


def clips() -> Iterator[Sound]:
    """Yields speech, noise and music in turn, without end."""
    if not (DATA / "labels.jsonl").exists():
        demo = _load(DEMO)
        # With another start each time, since recordings of the same content are analysed once.
        return (np.roll(demo, -turn * SHIFT_SEC * RATE) for turn in count())
    rows = [
        json.loads(line)
        for line in (DATA / "labels.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    speech = [
        DATA / row["path"]
        for row in rows
        if row["path"].startswith(("asr/librispeech", "speaker/librispeech"))
    ]
    other = [
        DATA / row["path"]
        for row in rows
        if row["path"].startswith(("noise/esc10", "scene/librosa"))
    ]
    mixed = [
        path for index, talk in enumerate(speech) for path in (talk, *other[index : index + 1])
    ]
    return (_load(path) for path in cycle(mixed))


def _load(path: Path) -> Sound:
    from soxr import resample

    found = probe(path)
    mono = np.concatenate([block.mean(axis=0) for block in decode(path, found, Tally())])
    return np.asarray(resample(mono, found.sample_rate, RATE), dtype=np.float32)


def fill(clips: Iterator[Sound], samples: int, channels: int) -> Sound:
    """Clips one after the other with half a second between, changing channel at each."""
    out = np.zeros((channels, samples), dtype=np.float32)
    at, turn = 0, 0
    while at < samples:
        clip = next(clips)[: samples - at]
        out[turn % channels, at : at + len(clip)] += clip
        at += len(clip) + RATE // 2
        turn += 1
    return out


def _alarm(channel: Sound) -> None:
    """Adds three groups of three pulses each, as from a smoke detector."""
    times = np.arange(round(3 * T3.period() * RATE)) / RATE
    since = times % T3.period()
    is_on = (since < T3.group()) & (since % (T3.on + T3.gap) < T3.on)
    tone = 0.2 * np.sin(2 * np.pi * PITCHES[-1].nominal * times) * is_on
    where = channel[ALARM_SEC * RATE :][: len(tone)]
    where += tone[: len(where)].astype(np.float32)


def write(path: Path, sound: Sound) -> None:
    """As WAV, 16 bits."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(
            "pcm_s16le", rate=RATE, layout="stereo" if len(sound) == 2 else "mono"
        )
        packed = np.ascontiguousarray((np.clip(sound, -1, 1) * 32767).astype("<i2").T).reshape(
            1, -1
        )
        frame = av.AudioFrame.from_ndarray(packed, format="s16", layout=stream.layout.name)
        frame.sample_rate = RATE
        container.mux([*stream.encode(frame), *stream.encode(None)])
