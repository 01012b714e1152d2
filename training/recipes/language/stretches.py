"""Stretches of speech as Moonshine encodes and transcribes them: English readers and prompts, and
prompts in other languages, over random lines."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import NamedTuple

import numpy as np

from earshot.audio.features import augment
from earshot.audio.features.spectra import Array
from earshot.models.asr.moonshine import Moonshine
from earshot.models.checkpoints.defaults import default_release
from earshot.models.checkpoints.location import locate
from earshot.settings import settings
from training.data import spoken
from training.data.datasets import RATE, examples, waveform
from training.data.spoken import Voice

READERS = "speaker/librispeech_train-clean-100"
SHORTEST, LONGEST = 1.0, 12.0  # seconds of a stretch
CUT = (0.6, 4.0)  # seconds of a prompt cut out of a reading
TIMES = 0.4
"""Seconds of stretches made from each second of a voice, up to ``Amount.most``."""


class Amount(NamedTuple):
    """How many stretches are made."""

    most: float  # seconds of stretches of a voice
    written: float
    """Share of the stretches that are transcribed too, which takes several times as long."""
    every: int = 1
    """Every how many-th reader is taken."""


ALL = Amount(most=40.0, written=0.3)
"""For the head: its decoder's few statistics need fewer stretches than the encoder's."""


@dataclass(frozen=True)
class Sound:
    """The sound of one stretch."""

    voice: str
    language: str
    samples: Array
    written: bool
    """It is transcribed, and not only encoded."""

    @property
    def seconds(self) -> float:
        return len(self.samples) / RATE


@dataclass(frozen=True)
class Stretch(Sound):
    """One stretch as the recogniser has it."""

    frames: Array  # (frames, 288), output of the encoder
    logs: list[float]
    """Natural log of each token's probability; empty where it is not transcribed."""


def recogniser() -> Moonshine:
    """The default recogniser of English, without a head."""
    return Moonshine(locate(default_release("asr"), settings()))


def sounds(data: Path, folder: Path, amount: Amount = ALL) -> Iterator[Sound]:
    """All stretches, voice by voice; the same at every call."""
    random = np.random.default_rng(0)
    own = islice(readers(data, random), 0, None, amount.every)
    for voice in chain(own, spoken.voices(folder)):
        budget = min(amount.most, TIMES * sum(map(len, voice.prompts)) / RATE)
        while budget > 0:
            samples = over_a_line(one(voice.prompts, random), random)
            budget -= len(samples) / RATE
            yield Sound(voice.name, voice.language, samples, random.random() < amount.written)


def stretches(
    data: Path, folder: Path, recogniser: Moonshine, amount: Amount = ALL
) -> Iterator[Stretch]:
    """``sounds`` with what the recogniser makes of them."""
    for each in sounds(data, folder, amount):
        text = recogniser.write(each.samples) if each.written else None
        frames = text.encoded if text else recogniser.encode(each.samples)
        yield Stretch(**vars(each), frames=frames, logs=text.logs if text else [])


def readers(data: Path, random: np.random.Generator) -> Iterator[Voice]:
    """The readers, each with the reading whole and in pieces as short as prompts are."""
    for each in examples(data, READERS):
        reading = waveform(each.path)
        pieces, start = [reading], 0
        while start + CUT[0] * RATE < len(reading):
            length = int(random.uniform(*CUT) * RATE)
            pieces.append(reading[start : start + length])
            start += length
        yield Voice(each.group, "en", pieces)


def one(prompts: Sequence[Array], random: np.random.Generator) -> Array:
    """Prompts one after the other with pauses, or a part of one, of a random length."""
    wanted = int(np.exp(random.uniform(np.log(SHORTEST), np.log(LONGEST))) * RATE)
    parts: list[Array] = []
    length = 0
    while length < wanted:
        prompt = prompts[int(random.integers(len(prompts)))]
        pause = int(random.uniform(0.1, 0.8) * RATE)
        parts += [prompt / max(augment.rms(prompt), 1e-4), np.zeros(pause, np.float32)]
        length += len(prompt) + pause
    start = int(random.integers(max(1, length - wanted)))
    return np.concatenate(parts)[start : start + wanted].astype(np.float32)


def over_a_line(samples: Array, random: np.random.Generator) -> Array:
    """The stretch at a random level over a random line: microphone, room, noise, band, codec."""
    level = 10 ** (random.uniform(-36, -16) / 20)
    sound = augment.limited(samples * np.float32(level))
    if random.random() < 0.5:
        sound = augment.tilted(sound, random.uniform(-3, 3))
    if random.random() < 0.3:
        sound = augment.in_a_room(sound, random)
    if random.random() < 0.5:
        noise = augment.coloured(random, len(sound), random.uniform(0, 2), 0.1)
        sound = augment.mix(sound, noise, random.uniform(8, 35))
    if random.random() < 0.5:
        sound = augment.telephone(sound)
    if random.random() < 0.25:
        sound = companded(sound)
    return augment.limited(sound)


def companded(sound: Array) -> Array:
    """Quantised as by G.711 (mu-law, 8 bits a sample)."""
    loud = np.log1p(255 * np.abs(sound)) / np.log(256)
    steps = np.sign(sound) * np.round(loud * 127) / 127
    return (np.sign(steps) * np.expm1(np.abs(steps) * np.log(256)) / 255).astype(np.float32)
