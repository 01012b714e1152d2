"""English speech of flite, French speech of SVOX Pico, and speech in both languages of eSpeak
NG."""

import shutil
import subprocess
import tempfile
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soxr
from numpy.typing import NDArray

from demo import voice
from tests.sounds import espeak

RATE = espeak.RATE
WORDS_A_MINUTE = 140
FLITE, FRENCH, ENGLISH = (
    ("rms", "slt", "awb"),
    ("fr+m3", "fr+f2", "fr"),
    ("en-us+m3", "en-us+f2", "en-gb-x-rp"),
)
PICO = ((100, 100), (75, 95), (130, 105))
"""Pitch and speed of three speakers out of one voice, in percent of its own."""
Samples = NDArray[np.float32]


def flite(text: str, turn: int) -> Samples:
    """At ``RATE``, peak 1.

    Raises:
        FileNotFoundError: flite is not installed.
    """
    samples, rate = voice.speak(text, FLITE[turn % len(FLITE)])
    resampled: Samples = soxr.resample(samples, rate, RATE).astype(np.float32)
    return resampled


def pico(text: str, turn: int) -> Samples:
    """At ``RATE``, peak 1.

    Raises:
        FileNotFoundError: pico2wave is not installed (Debian, ``non-free``: libttspico-utils).
    """
    program = shutil.which("pico2wave")
    if program is None:
        raise FileNotFoundError("pico2wave is not installed")
    pitch, speed = PICO[turn % len(PICO)]
    marked = f'<pitch level="{pitch}"><speed level="{speed}">{text}</speed></pitch>'
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "speech.wav"
        subprocess.run([program, "-l", "fr-FR", "-w", str(path), marked], check=True)
        with wave.open(str(path)) as file:
            assert file.getframerate() == RATE
            pcm = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")
    samples: Samples = (pcm / np.abs(pcm).max()).astype(np.float32)
    loud = np.flatnonzero(np.abs(samples) > voice.QUIET)
    return samples[loud[0] : loud[-1] + 1]


def spoken_by(names: tuple[str, ...]) -> Callable[[str, int], Samples]:
    """Speech of eSpeak NG's voices in turn, at ``RATE``, peak 1."""

    def speak(text: str, turn: int) -> Samples:
        return espeak.speak(text, names[turn % len(names)], WORDS_A_MINUTE).astype(np.float32)

    return speak


VOICES: dict[str, Callable[[str, int], Samples]] = {
    "en": flite,
    "fr": pico,
    "fr-espeak": spoken_by(FRENCH),
    "en-espeak": spoken_by(ENGLISH),
}
