"""Natural speech of ``../shared/data``, listed in ``natural.toml``: utterances cut by the VAD.

Acted corpora show each emotion equally often; in natural recordings nearly all speech is neutral. A
classifier that was never trained on such speech calls most of it emotional."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from earshot.audio.features.spectra import Array
from earshot.audio.speech.vad import SpeechDetector
from training.data.datasets import RATE, channels

LIST = Path(__file__).with_name("natural.toml")
SHORTEST_MS = 800
"""Shorter speech is a "yes" or a breath, too little for its manner to be judged."""
SOUND = (".flac", ".mp3", ".ogg", ".wav")


@dataclass(frozen=True)
class Spoken:
    """One utterance."""

    samples: Array
    """Mono float32 at ``RATE``, shape (samples,)."""
    path: Path
    channel: int
    start_ms: int
    source: str
    fold: int

    @property
    def voice(self) -> str:
        """The recording's channel: one person, or a few who share it."""
        return f"{self.path.name}#{self.channel}"


def sets() -> tuple[tuple[str, str], ...]:
    """The first two parts of every path, as ``evaluation.manifest.Row.source``, with the licence of
    the source."""
    return tuple(
        dict.fromkeys(
            ("/".join(path.split("/")[:2]), source["licence"])
            for source in _sources()
            for path in source["paths"]
        )
    )


def utterances(data: Path) -> Iterator[Spoken]:
    """Every utterance of ``SHORTEST_MS`` and more, source by source, in order of time.

    Args:
        data: the folder ``../shared/data``.
    """
    for source in _sources():
        for path in _files(data, source["paths"]):
            sound = channels(path)
            if not source.get("separate"):
                sound = sound.mean(axis=0, keepdims=True)
            for channel, samples in enumerate(sound):
                for start, end in _speech(samples):
                    yield Spoken(
                        samples[start * RATE // 1000 : end * RATE // 1000],
                        path,
                        channel,
                        start,
                        source["name"],
                        source["fold"],
                    )


def _sources() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = tomllib.loads(LIST.read_text(encoding="utf-8"))["source"]
    return found


def _files(data: Path, paths: list[str]) -> Iterator[Path]:
    for each in paths:
        place = data / each
        yield from (
            [place]
            if place.is_file()
            else sorted(file for file in place.rglob("*") if file.suffix in SOUND)
        )


def _speech(samples: Array) -> Iterator[tuple[int, int]]:
    detector = SpeechDetector(0)
    detector.feed(np.ascontiguousarray(samples))
    for found in detector.finish():
        if found.end_ms - found.start_ms >= SHORTEST_MS:
            yield found.start_ms, found.end_ms
