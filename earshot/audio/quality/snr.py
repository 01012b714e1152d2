"""Measures the level of speech above the pauses, as separated by the speech detector."""

import math

import numpy as np
from numpy.typing import NDArray

from earshot.audio.quality.bandwidth import QUANTISATION

Array = NDArray[np.float32]

SPEECH_FROM, PAUSE_BELOW = 0.5, 0.1
"""Probability of speech in a window; windows between the two count as neither."""
AFTER_SPEECH = 10
"""Windows after speech, 320 ms at 32 ms each, that do not count as pause because of
reverberation."""
FEWEST_SPEECH, FEWEST_PAUSE = 31, 16
"""Windows of 32 ms: one second of speech, half a second of pauses."""

LOWEST_DB, STEP_DB, STEPS = -120.0, 0.25, 480
LEAST_DB = -20.0
"""Minimum reported ratio; below it the detector finds no speech."""


def as_steps(power: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Converts power to a level in a byte: steps of half a decibel from ``LOWEST_DB`` on."""
    decibels = 10 * np.log10(np.maximum(power, 1e-12))
    return np.clip(np.rint((decibels - LOWEST_DB) * 2), 0, 255).astype(np.uint8)


def in_db(steps: NDArray[np.uint8]) -> Array:
    """Converts levels of ``as_steps`` to decibels of full scale."""
    return steps.astype(np.float32) / np.float32(2) + np.float32(LOWEST_DB)


class SpeechLevels:
    """Call ``update`` for every window with the detector's probability, then ``snr_db``. Memory is
    constant."""

    def __init__(self) -> None:
        self._speech = 0.0
        self._windows = 0
        self._pauses = np.zeros(
            STEPS, np.int64
        )  # counts per level: steps of STEP_DB from LOWEST_DB on
        self._since_speech = 0

    def update(self, power: NDArray[np.float64], shares: Array) -> None:
        """Adds the variance of the samples of each window, in order, and its probability of
        speech."""
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
        """Mean power of speech less that of the noise, over the median power of pauses; None if it
        cannot be determined."""
        pauses = int(self._pauses.sum())
        if self._windows < FEWEST_SPEECH or pauses < FEWEST_PAUSE:
            return None
        middle = int(np.searchsorted(np.cumsum(self._pauses), pauses / 2))
        noise = 10 ** ((LOWEST_DB + (middle + 0.5) * STEP_DB) / 10)
        if noise <= QUANTISATION:  # a gate between the words hides the noise below them
            return None
        return max(10 * math.log10(max(self._speech / self._windows / noise - 1, 1e-9)), LEAST_DB)
