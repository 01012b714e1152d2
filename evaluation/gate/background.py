"""Background sound without speech, generated: silence, hisses, hum, ventilation, hold music."""

import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np

from earshot.audio.features.augment import coloured, hum, melody
from earshot.audio.features.spectra import Array
from earshot.compute.sound import SAMPLE_RATE

SECONDS = 6
EACH = 3
"""Clips of a kind, with seeds of their own."""

SAMPLES = SECONDS * SAMPLE_RATE
Make = Callable[[np.random.Generator], Array]

SILENCE: dict[str, Make] = {
    "digital-silence": lambda random: np.zeros(SAMPLES, np.float32),
    "line-noise": lambda random: coloured(random, SAMPLES, 0, 2e-4),
    "room-tone": lambda random: coloured(random, SAMPLES, 1, 4e-4),
}
SOUND: dict[str, Make] = {
    "hiss": lambda random: coloured(random, SAMPLES, 0, 0.03),
    "rumble": lambda random: coloured(random, SAMPLES, 2, 0.05),
    "ventilation": lambda random: coloured(random, SAMPLES, 1, 0.03),
    "hum": lambda random: hum(random, SAMPLES, 0.05),
    "hold-music": lambda random: melody(random, SAMPLES, 0.08),
}


def generate(folder: Path, *, only_silence: bool) -> list[Path]:
    """Writes the clips, the same ones at every call, as mono WAV files of 16 kHz.

    Raises:
        OSError: the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    found = []
    for name, make in (SILENCE if only_silence else SILENCE | SOUND).items():
        for seed in range(EACH):
            path = folder / f"{name}-{seed}.wav"
            if not path.is_file():
                _write(path, make(np.random.default_rng(seed)))
            found.append(path)
    return found


def _write(path: Path, sound: Array) -> None:
    partial = path.with_suffix(".partial")
    with wave.open(str(partial), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes((np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes())
    partial.replace(path)
