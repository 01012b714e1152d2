"""English speech of flite, and speech in both languages of eSpeak NG."""

from collections.abc import Callable

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
Samples = NDArray[np.float32]


def flite(text: str, turn: int) -> Samples:
    """At ``RATE``, peak 1.

    Raises:
        FileNotFoundError: flite is not installed.
    """
    samples, rate = voice.speak(text, FLITE[turn % len(FLITE)])
    resampled: Samples = soxr.resample(samples, rate, RATE).astype(np.float32)
    return resampled


def spoken_by(names: tuple[str, ...]) -> Callable[[str, int], Samples]:
    """Speech of eSpeak NG's voices in turn, at ``RATE``, peak 1."""

    def speak(text: str, turn: int) -> Samples:
        return espeak.speak(text, names[turn % len(names)], WORDS_A_MINUTE).astype(np.float32)

    return speak


VOICES: dict[str, Callable[[str, int], Samples]] = {
    "en": flite,
    "fr": spoken_by(FRENCH),
    "en-espeak": spoken_by(ENGLISH),
}
