"""Calls in which personal data is spoken, with its times."""

import random
import re
import wave
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from tests.planted import Planted, ordinary, planted
from trials.spoken.voices import RATE, Samples

WORDS = re.compile(r"[^\W\d_]+(?:[ '’-]+[^\W\d_]+)*")
"""A value as it is spoken, without figures and signs."""
AT_A_TIME = 10
PAUSE_SEC, BREATH_SEC = 0.8, 0.25
FLOOR, LEVEL = 2e-4, 0.25


@dataclass(frozen=True)
class Value:
    """One planted value; times in ms."""

    kind: str
    text: str
    start_ms: int
    end_ms: int


@dataclass
class Call:
    """One channel of sound, and what is in it."""

    language: str
    sound: Samples
    values: list[Value] = field(default_factory=list)

    def write(self, path: Path) -> Path:
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE)
            file.writeframes((np.clip(self.sound, -1, 1) * 32767).astype("<i2").tobytes())
        return path


def spoken(language: str, number: int, seed: int) -> list[Planted]:
    """That many values as people speak them, kinds in turn."""
    kinds: dict[str, list[Planted]] = {}
    for each in planted(seed, 40 * number):
        if each.language == language and WORDS.fullmatch(each.value):
            kinds.setdefault(each.kind, []).append(each)
    return [kinds[sorted(kinds)[i % len(kinds)]][i // len(kinds)] for i in range(number)]


def calls(
    language: str, number: int, seed: int, speak: Callable[[str, int], Samples]
) -> Iterator[Call]:
    """Calls of ``AT_A_TIME`` values each, between sentences with other numbers."""
    values = spoken(language, number, seed)
    others = [each for each in ordinary(seed, 4 * number) if each.language == language]
    random.Random(seed).shuffle(others)
    for at in range(0, number, AT_A_TIME):
        yield _call(language, values[at : at + AT_A_TIME], others[at : at + AT_A_TIME], at, speak)


def _call(
    language: str,
    values: Sequence[Planted],
    others: Sequence[Planted],
    seed: int,
    speak: Callable[[str, int], Samples],
) -> Call:
    parts: list[Samples] = []
    found: list[Value] = []

    def add(samples: Samples) -> tuple[int, int]:
        start = sum(map(len, parts))
        parts.append(samples)
        return start * 1000 // RATE, (start + len(samples)) * 1000 // RATE

    def pause(seconds: float) -> None:
        add(np.zeros(round(seconds * RATE), np.float32))

    for each, other in zip(values, others, strict=True):
        for text, secret in ((each.before, False), (each.value, True), (each.after, False)):
            if text:
                start, end = add(speak(text, seed // AT_A_TIME))
                pause(BREATH_SEC)
                if secret:
                    found.append(Value(each.kind, text, start, end))
        pause(PAUSE_SEC)
        add(speak(other.before, seed // AT_A_TIME + 1))
        pause(PAUSE_SEC)
    sound = LEVEL * np.concatenate(parts)
    noise = np.random.default_rng(seed).normal(0, FLOOR, len(sound))
    return Call(language, (sound + noise).astype(np.float32), found)
