"""How far speech stands above what is between it, as the speech detector tells the two apart."""

import math

import numpy as np
from numpy.typing import NDArray

from earshot.audio.quality.bandwidth import QUANTISATION

Array = NDArray[np.float32]

SPEECH_FROM, PAUSE_BELOW = 0.5, 0.1
"""Probability of speech in a window; what lies between is neither."""
AFTER_SPEECH = 10
"""Windows after speech, 320 ms at 32 ms each, that are not counted as pause: reverberation dies
away in them."""
FEWEST_SPEECH, FEWEST_PAUSE = 31, 16
"""Windows of 32 ms: one second of speech, half a second of pauses."""

LOWEST_DB, STEP_DB, STEPS = -120.0, 0.25, 480
LEAST_DB = -20.0
"""Lowest ratio that is told; below it the detector would have heard no speech."""


def as_steps(power: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Power as a level in a byte: steps of half a decibel from ``LOWEST_DB`` on."""
    decibels = 10 * np.log10(np.maximum(power, 1e-12))
    return np.clip(np.rint((decibels - LOWEST_DB) * 2), 0, 255).astype(np.uint8)


def in_db(steps: NDArray[np.uint8]) -> Array:
    """What ``as_steps`` made, as decibels of full scale."""
    return steps.astype(np.float32) / np.float32(2) + np.float32(LOWEST_DB)


class SpeechLevels:
    """``heard`` every window with the detector's probability, then ask ``snr_db``. Memory does not
    grow."""

    def __init__(self) -> None:
        self._speech = 0.0
        self._windows = 0
        self._pauses = np.zeros(
            STEPS, np.int64
        )  # how many at which level: steps of STEP_DB from LOWEST_DB on
        self._since_speech = 0

    def heard(self, power: NDArray[np.float64], shares: Array) -> None:
        """Variance of the samples of each window, in order, and the probability of speech in it."""
        speech = shares >= SPEECH_FROM
        self._speech += float(power[speech].sum())
        self._windows += int(speech.sum())
        # Windows since the last speech, for each of these.
        places = np.arange(len(shares))
        last = np.maximum.accumulate(np.where(speech, places, -1 - self._since_speech))
        pause = (shares < PAUSE_BELOW) & (places - last > AFTER_SPEECH)
        self._since_speech = int(len(shares) - 1 - last[-1])
        decibels = 10 * np.log10(np.maximum(power[pause], 1e-12))
        steps = np.clip((decibels - LOWEST_DB) / STEP_DB, 0, STEPS - 1).astype(np.int64)
        self._pauses += np.bincount(steps, minlength=STEPS)

    def snr_db(self) -> float | None:
        """Mean power of speech less that of the noise, over the median power of pauses; None where
        it cannot be told."""
        pauses = int(self._pauses.sum())
        if self._windows < FEWEST_SPEECH or pauses < FEWEST_PAUSE:
            return None
        middle = int(np.searchsorted(np.cumsum(self._pauses), pauses / 2))
        noise = 10 ** ((LOWEST_DB + (middle + 0.5) * STEP_DB) / 10)
        if (
            noise <= QUANTISATION
        ):  # a gate between the words: what noise lies under them is not known
            return None
        return max(10 * math.log10(max(self._speech / self._windows / noise - 1, 1e-9)), LEAST_DB)
