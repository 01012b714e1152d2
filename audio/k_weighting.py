"""Weights sound by frequency as loudness is heard (ITU-R BS.1770-4, annex 1), channel by channel, while it streams past."""

import math
from functools import cache

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Doubles = NDArray[np.float64]
Biquad = tuple[float, float, float, float, float]
"""b0, b1, b2, a1, a2 of a filter of second order; a0 is 1."""

LONGEST = 64
"""Samples of a stretch: of longer ones the products take longer, of shorter ones the steps between them do."""
GONE = 1e-12
"""Of a memory, so little that it cannot be told from rounding."""
SHELF_HZ, SHELF_DB, SHELF_Q = 1681.974450955533, 3.999843853973347, 0.7071752369554196
BOOST = 0.4996667741545416
"""Power of the shelf's gain that its middle has."""
HIGH_PASS_HZ, HIGH_PASS_Q = 38.13547087602444, 0.5003270373238773
"""The recommendation has coefficients for 48 kHz alone. These are the filters that they come from, as libebur128 and FFmpeg
have them; at 48 kHz they give the recommendation's."""


class KWeighting:
    """``filtered`` for each block in turn.

    A recursive filter goes from sample to sample, which is slow in numpy. But what it makes of a stretch is linear in its
    samples and in the four numbers that the filter remembers of all before: one matrix. Stretches are multiplied all at once,
    and only the four numbers are carried from one to the next.
    """

    def __init__(self, channels: int, sample_rate: int, step: int) -> None:
        """Args:
        step: blocks are so many samples long, or a multiple.
        """
        self._size = max(size for size in range(1, min(LONGEST, step) + 1) if step % size == 0)
        whole = _matrix(sample_rate, self._size)
        self._sound = whole[: self._size].astype(np.float32)
        self._ringing = whole[self._size :, : self._size].astype(np.float32)
        self._fading = _powers(whole[self._size :, self._size :])
        self._memory = np.zeros((channels, 1, 4))

    def filtered(self, block: Array) -> Array:
        """Of shape (channels, samples), as it came."""
        size = self._size
        out = block.reshape(len(block), -1, size) @ self._sound
        memory = np.concatenate([self._memory, out[:, :, size:]], axis=1)
        for i, fading in enumerate(self._fading):  # each adds to those 1, 2, 4 ... further on
            memory[:, 2**i :] += memory[:, : -(2**i)] @ fading
        self._memory = memory[:, -1:]
        weighted: Array = out[:, :, :size]
        weighted += memory[:, :-1].astype(np.float32) @ self._ringing
        return weighted.reshape(len(block), -1)


@cache
def _matrix(sample_rate: int, size: int) -> Doubles:
    """From a row of ``size`` samples and four numbers of memory to as many weighted samples and the memory afterwards: both
    filters, in transposed direct form II, run over the unit rows."""
    given = np.eye(size + 4)
    out, memory = np.empty((size + 4, size)), list(given[:, size:].T)
    for at in range(size):
        sound = given[:, at]
        for first, (b0, b1, b2, a1, a2) in ((0, _shelf(sample_rate)), (2, _high_pass(sample_rate))):
            weighted = b0 * sound + memory[first]
            memory[first] = b1 * sound - a1 * weighted + memory[first + 1]
            memory[first + 1] = b2 * sound - a2 * weighted
            sound = weighted
        out[:, at] = sound
    return np.column_stack([out, *memory])


def _powers(fading: Doubles) -> list[Doubles]:
    """What is left of a memory after 1, 2, 4 ... stretches, until it is nothing."""
    found = [fading]
    while np.abs(found[-1]).max() > GONE:
        found.append(found[-1] @ found[-1])
    return found[:-1]


def _shelf(sample_rate: int) -> Biquad:
    """The head is a sphere: 4 dB more above 2 kHz."""
    k, high = math.tan(math.pi * SHELF_HZ / sample_rate), 10 ** (SHELF_DB / 20)
    middle, a0 = high**BOOST, 1 + k / SHELF_Q + k * k
    b = high + middle * k / SHELF_Q + k * k, 2 * (k * k - high), high - middle * k / SHELF_Q + k * k
    return b[0] / a0, b[1] / a0, b[2] / a0, 2 * (k * k - 1) / a0, (1 - k / SHELF_Q + k * k) / a0


def _high_pass(sample_rate: int) -> Biquad:
    k = math.tan(math.pi * HIGH_PASS_HZ / sample_rate)
    a0 = 1 + k / HIGH_PASS_Q + k * k
    return 1.0, -2.0, 1.0, 2 * (k * k - 1) / a0, (1 - k / HIGH_PASS_Q + k * k) / a0
