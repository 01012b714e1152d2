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


def overlapped(
    voices: dict[str, Sequence[Floats]],
    random: np.random.Generator,
    share: float,
    spread_db: float = 6.0,
) -> Dialogue:
    """All utterances of all voices in random order, each begun before the one before it has ended,
    so that ``share`` of the time with speech has several voices. The level of a voice is up to
    ``spread_db`` above or below its own. The reference as in ``compose``."""
    lines = [(name, samples) for name, list_ in voices.items() for samples in list_]
    lines = [lines[index] for index in random.permutation(len(lines))]
    gains = {
        name: np.float32(10 ** (random.uniform(-spread_db, spread_db) / 20)) for name in voices
    }
    spans = [speech(samples) for _, samples in lines]
    early = random.uniform(0.2, 1.0, len(lines))
    pauses = random.uniform(*GAP_SECONDS, len(lines))
    low, high = 0.0, 1.0
    for _ in range(12):
        middle = (low + high) / 2
        starts = _starts(lines, pauses, middle * early)
        reference = _placed(lines, spans, starts)
        low, high = (middle, high) if _overlap(reference) < share else (low, middle)
    total = max(start + len(samples) for start, (_, samples) in zip(starts, lines, strict=True))
    mixture = np.zeros(total + VAD_RATE // 2, np.float32)
    for start, (name, samples) in zip(starts, lines, strict=True):
        mixture[start : start + len(samples)] += gains[name] * samples
    return Dialogue(mixture, reference)


def _starts(lines: Sequence[tuple[str, Floats]], pauses: Floats, early: Floats) -> list[int]:
    """First sample of each line: before the end of the line before by a share of the shorter one,
    or after a pause if the speaker is the same. No voice talks over itself."""
    starts: list[int] = []
    free: dict[str, int] = {}
    end = 0
    for index, (name, samples) in enumerate(lines):
        start = end + int(pauses[index] * VAD_RATE * (1 - early[index]))
        if index and lines[index - 1][0] != name:
            start -= int(early[index] * min(len(samples), len(lines[index - 1][1])))
        start = max(start, free.get(name, 0), 0)
        starts.append(start)
        end = max(end, start + len(samples))
        free[name] = start + len(samples) + int(pauses[index] * VAD_RATE)
    return starts


def _placed(
    lines: Sequence[tuple[str, Floats]], spans: Sequence[Sequence[Utterance]], starts: Sequence[int]
) -> tuple[Spoken, ...]:
    found = []
    for (name, _), spoken, start in zip(lines, spans, starts, strict=True):
        offset = start * 1000 // VAD_RATE
        found += [Spoken(name, offset + item.start_ms, offset + item.end_ms) for item in spoken]
    return tuple(sorted(found, key=lambda item: item.start_ms))


def _overlap(reference: Sequence[Spoken]) -> float:
    """Share of the time with speech that has several voices."""
    counts = np.zeros(max(item.end_ms for item in reference) // 10 + 1, np.int64)
    for item in reference:
        counts[item.start_ms // 10 : item.end_ms // 10] += 1
    return float((counts > 1).sum() / max(1, (counts > 0).sum()))


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
