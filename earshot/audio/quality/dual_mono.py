"""Tells a true two-channel recording from one signal written twice, while it streams past."""

import numpy as np

from earshot.compute.sound import Waveform

SAME_BELOW = 1e-4
"""Greatest energy of the difference, as a share of the block's energy (-40 dB): lossy codecs stay
below it for equal channels, crosstalk between two telephone lines stays above it."""
INAUDIBLE = 1e-8
"""Mean square below which a difference is dither or rounding (-80 dB of full scale)."""


class DualMono:
    """``heard`` every block, then ask ``same``: whether no block told the two channels apart."""

    def __init__(self, channels: int) -> None:
        self.same = channels == 2

    def heard(self, block: Waveform) -> None:
        """Shape (channels, samples)."""
        if not self.same or block.shape[1] == 0:
            return
        difference = float(np.mean(np.square(block[0] - block[1])))
        self.same = difference <= max(INAUDIBLE, SAME_BELOW * float(np.mean(np.square(block))))
