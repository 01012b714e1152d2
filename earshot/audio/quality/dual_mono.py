"""Distinguishes a two-channel recording from one signal written twice, in a streaming pass."""

from statistics import median

import numpy as np

from earshot.compute.sound import Waveform

EQUAL_BELOW = 1e-4
"""Greatest energy of the difference, as a share of the block's energy (-40 dB): lossy codecs stay
below it for equal channels, crosstalk between two telephone lines stays above it."""
STEREO_BELOW = 1e-2
"""The same for one voice before a stereo microphone, or transferred to stereo (-20 dB: levels
within 0.9 dB). A voice on one channel alone is at 3 dB, one that the other channel carries 2 dB
fainter (ADR 31) at -13 dB."""
STEADY = 10
"""In stereo the channels differ all the time: no block by more than so many times the median. A
moment of difference is a signal of one channel."""
INAUDIBLE = 1e-8
"""Mean square below which a difference is dither or rounding (-80 dB of full scale)."""


class DualMono:
    """Call ``update`` for every block, then ``same``: true if no block had different channels."""

    def __init__(self, channels: int) -> None:
        self._may_be = channels == 2
        self._shares: list[float] = []
        """Energy of the difference of each block, as a share of the block's."""

    def update(self, block: Waveform) -> None:
        """Adds a block of shape (channels, samples), of about a second."""
        if not self._may_be or block.shape[1] == 0:
            return
        difference = float(np.mean(np.square(block[0] - block[1])))
        energy = float(np.mean(np.square(block)))
        share = difference / energy if difference > INAUDIBLE else 0.0
        self._may_be = share <= STEREO_BELOW
        self._shares.append(share)

    @property
    def same(self) -> bool:
        """True if both channels carry one signal."""
        if not (self._may_be and self._shares):
            return self._may_be
        return max(self._shares) <= max(EQUAL_BELOW, STEADY * median(self._shares))
