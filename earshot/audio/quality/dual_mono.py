"""Distinguishes a two-channel recording from one signal written twice, in a streaming pass."""

import numpy as np

from earshot.compute.sound import Waveform

SAME_BELOW = 1e-2
"""Greatest energy of the difference, as a share of the block's energy (-20 dB: levels within 0.9
dB). Lossy codecs and stereo transfers of one voice stay below it (a broadcast speech at -31 dB,
whose words were transcribed twice); a voice on one channel alone is at 3 dB, and one that is heard
on the other 2 dB fainter (ADR 31) at -13 dB."""
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
