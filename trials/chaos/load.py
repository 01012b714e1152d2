"""Recordings that the harness makes: each is one of its kind by its seed, and the same in every
run."""

import wave
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from earshot.audio.decoding.decode import decode
from earshot.audio.decoding.frames import Tally
from earshot.audio.decoding.probe import probe
from earshot.settings import PROJECT
from trials.chaos import script

RATE = 16_000
"""Hz; what the analyses hear, so that no resampling blurs the levels."""
CHUNK_SEC, CHUNK_MAX_SEC, OVERLAP_SEC = 2.0, 2.5, 0.25
"""How the harness's stacks cut: short chunks make many units of work out of little sound."""

SPEECH = PROJECT / "demo" / "call.ogg"
Samples = NDArray[np.float32]


def ordinary(folder: Path, count: int, chunks: int, first_seed: int = 0) -> list[Path]:
    """``count`` recordings of about ``chunks`` chunks: stretches of the demo call over noise."""
    return [
        _write(folder / f"call-{seed:04}.wav", _call(seed, chunks))
        for seed in range(first_seed, first_seed + count)
    ]


def scripted(folder: Path, name: str, said: Sequence[float | str], seed: int) -> Path:
    """One recording with one chunk for each thing said (see ``trials.chaos.script``). Nobody speaks
    in it, so the cuts lie exactly between them."""
    samples = round(CHUNK_SEC * RATE)
    levels = np.repeat(np.array([script.level(each) for each in said], np.float32), samples)
    return _write(folder / f"{name}.wav", levels + _noise(seed, len(levels)))


def _call(seed: int, chunks: int) -> Samples:
    spoken = speech()
    length = round(chunks * CHUNK_SEC * RATE)
    begin = seed * 7919 * RATE // 10 % len(spoken)
    return np.resize(np.roll(spoken, -begin), length) * np.float32(
        0.5 + 0.05 * (seed % 10)
    ) + _noise(seed, length)


def _noise(seed: int, length: int) -> Samples:
    return np.random.default_rng(seed).normal(0, 0.003, length).astype(np.float32)


@cache
def speech() -> Samples:
    """The demo call, its channels mixed, at 16 kHz."""
    import soxr

    facts = probe(SPEECH)
    blocks = [block.mean(axis=0) for block in decode(SPEECH, facts, Tally())]
    resampled: Samples = soxr.resample(np.concatenate(blocks), facts.sample_rate, RATE).astype(
        np.float32
    )
    return resampled


def _write(path: Path, samples: Samples) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return path
