"""Recordings that make full jobs for a pool: so many chunks, with speech in each."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from earshot.audio.speech.vad import SpeechDetector
from tests.sounds.audio_files import Sound as Samples
from tests.sounds.audio_files import silence, write
from trials.chaos.load import speech

RATE = 16_000
STRETCHES = 16
"""That differ from one another; then they come again."""
STEP = 59_200
"""Samples between the beginnings of neighbouring stretches."""


@dataclass(frozen=True)
class Sound:
    """What recordings consist of: a stretch of the demo call's speech and a pause for each chunk,
    so that every cut lies in a pause. Synthetic vowels will not do: after two seconds of one, the
    VAD hears no speech in it any more."""

    speech_sec: float = 24.2
    pause_sec: float = 0.8

    @property
    def chunk_sec(self) -> float:
        return self.speech_sec + self.pause_sec

    def settings(self) -> dict[str, str]:
        """By which ingest cuts one chunk for each stretch."""
        longest, overlap = 1.2 * self.chunk_sec, 0.04 * self.chunk_sec
        named = {
            "CHUNK_DURATION_SEC": self.chunk_sec,
            "CHUNK_MAX_SEC": longest,
            "OVERLAP_SEC": overlap,
        }
        return {key: str(value) for key, value in named.items()}

    def write(self, path: Path, chunks: int) -> Path:
        """One recording, whose stretches begin in different places of the call."""
        size = round(self.speech_sec * RATE)
        spoken = [
            np.resize(np.roll(_talk(), -index * STEP), size)[None]
            for index in range(min(chunks, STRETCHES))
        ]
        with_pause = [np.concatenate([each, silence(self.pause_sec)], axis=1) for each in spoken]
        return write(
            path,
            np.concatenate([with_pause[index % STRETCHES] for index in range(chunks)], axis=1),
            RATE,
            "pcm_s16le",
        )


@cache
def _talk() -> Samples:
    """What the VAD takes for speech in the demo call, pauses left out."""
    detector = SpeechDetector(0)
    detector.feed(sound := speech())
    heard = [
        sound[span.start_ms * RATE // 1000 : span.end_ms * RATE // 1000]
        for span in detector.finish()
    ]
    return np.concatenate(heard)
