"""Counts clipped samples of a recording in a streaming pass."""

import numpy as np

from earshot.compute.sound import Waveform

PCM16 = 32_766.5 / 32_768
"""Full scale of 16-bit PCM, half a step below its highest value; formats with more bits, and
floats, exceed it too."""

FULL_SCALE = {
    "pcm_mulaw": 32_123 / 32_768,
    "pcm_alaw": 32_255 / 32_768,
    "pcm_u8": 126.5 / 128,
    "pcm_s8": 126.5 / 128,
    "gsm": 32_759 / 32_768,
    "gsm_ms": 32_759 / 32_768,
}
"""By FFmpeg's name of the codec, where its highest value is lower: 32124 and 32256 of 32768 for
G.711, 13 bits for GSM."""


class Clipping:
    """Call ``update`` for every block, then ``shares``. One or two full-scale samples are a peak;
    three in a row are clipped."""

    def __init__(self, channels: int, codec: str) -> None:
        self._full = FULL_SCALE.get(codec, PCM16)
        self._sides = np.zeros(
            (channels, 2), np.int8
        )  # of the last two samples: the end of the scale that they are at, if any
        self._in_run = np.zeros((channels, 1), bool)
        self._clipped = np.zeros(channels, np.int64)
        self._samples = 0

    def update(self, block: Waveform) -> None:
        """Adds a block of shape (channels, samples)."""
        if block.shape[1] == 0:
            return
        self._samples += block.shape[1]
        if (
            block.max() < self._full and block.min() > -self._full
        ):  # as in nearly every second: nothing to count
            self._sides, self._in_run = np.zeros_like(self._sides), np.zeros_like(self._in_run)
            return
        now = (block >= self._full).astype(np.int8) - (block <= -self._full)
        sides = np.concatenate([self._sides, now], axis=1)
        third = (
            (sides[:, 2:] != 0) & (sides[:, 2:] == sides[:, 1:-1]) & (sides[:, 2:] == sides[:, :-2])
        )
        begun = third & ~np.concatenate([self._in_run, third[:, :-1]], axis=1)
        self._clipped += third.sum(axis=1) + 2 * begun.sum(
            axis=1
        )  # the two before the third were clipped as well
        self._sides, self._in_run = sides[:, -2:], third[:, -1:]

    def shares(self) -> list[float]:
        """Clipped share of each channel."""
        return [int(clipped) / max(self._samples, 1) for clipped in self._clipped]
