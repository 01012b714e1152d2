"""Distinguishes a two-channel recording from one signal written twice, in a streaming pass."""

import numpy as np

from earshot.compute.sound import Waveform

SAME_BELOW = 1e-4
"""Greatest energy of the difference, as a share of the block's energy (-40 dB): lossy codecs stay
below it for equal channels, crosstalk between two telephone lines stays above it."""
INAUDIBLE = 1e-8
"""Mean square below which a difference is dither or rounding (-80 dB of full scale)."""


class DualMono:
    """Call ``update`` for every block, then ``same``: true if no block had different channels."""

    def __init__(self, channels: int) -> None:
        self.same = channels == 2

    def update(self, block: Waveform) -> None:
        """Adds a block of shape (channels, samples)."""
        if not self.same or block.shape[1] == 0:
            return
        difference = float(np.mean(np.square(block[0] - block[1])))
        self.same = difference <= max(INAUDIBLE, SAME_BELOW * float(np.mean(np.square(block))))
