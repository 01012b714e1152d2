"""Conversations composed of recorded utterances, with exact speaker turns."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from earshot.analysis.types import Utterance
from earshot.audio.speech.vad import VAD_RATE, SpeechDetector
from evaluation.measures.der import Spoken

Floats = NDArray[np.float32]

GAP_SECONDS = (0.2, 0.8)


@dataclass(frozen=True)
class Dialogue:
    """Mono samples at 16 kHz, and the speaker turns."""

    samples: Floats
    reference: tuple[Spoken, ...]

    @property
    def duration_ms(self) -> int:
        return len(self.samples) * 1000 // VAD_RATE

    def read(self, start_ms: int, end_ms: int) -> Floats:
        return self.samples[start_ms * VAD_RATE // 1000 : end_ms * VAD_RATE // 1000]


def speech(samples: Floats) -> tuple[Utterance, ...]:
    """Speech detected by the project's VAD."""
    detector = SpeechDetector(channel=0)
    detector.feed(samples)
    return detector.finish()


def pieces(samples: Floats) -> list[Floats]:
    """The utterances of a recording as separate arrays."""
    return [
        samples[item.start_ms * VAD_RATE // 1000 : item.end_ms * VAD_RATE // 1000]
        for item in speech(samples)
    ]


def compose(voices: dict[str, Sequence[Floats]], random: np.random.Generator) -> Dialogue:
    """All utterances of all voices in random order with pauses between. Pauses within an utterance
    are not speech: the reference is the VAD's speech in the separate utterance."""
    lines = [(name, samples) for name, list_ in voices.items() for samples in list_]
    parts: list[Floats] = []
    reference: list[Spoken] = []
    at = 0
    for index in random.permutation(len(lines)):
        name, samples = lines[index]
        pause = np.zeros(int(random.uniform(*GAP_SECONDS) * VAD_RATE), np.float32)
        at += len(pause)
        offset = at * 1000 // VAD_RATE
        reference += [
            Spoken(name, offset + item.start_ms, offset + item.end_ms) for item in speech(samples)
        ]
        parts += [pause, samples]
        at += len(samples)
    return Dialogue(np.concatenate(parts), tuple(reference))


def in_room(dialogue: Dialogue, random: np.random.Generator) -> Dialogue:
    """The same conversation from across a room: an echo that decays by 60 dB in 0.3 to 0.8 s, and
    noise 10 to 25 dB below."""
    length = int(random.uniform(0.3, 0.8) * VAD_RATE)
    echo = random.normal(size=length) * 10 ** (-3 * np.arange(length) / length)
    echo *= random.uniform(0.5, 1.5) / np.sqrt(np.sum(echo**2))
    echo[0] = 1.0
    size = len(dialogue.samples) + length
    wet = np.fft.irfft(np.fft.rfft(dialogue.samples, size) * np.fft.rfft(echo, size), size)[
        : len(dialogue.samples)
    ]
    hiss = (
        random.normal(size=len(wet))
        * np.sqrt(np.mean(wet**2))
        * 10 ** (-random.uniform(10, 25) / 20)
    )
    return Dialogue((wet + hiss).astype(np.float32), dialogue.reference)
