"""Weights sound by frequency as loudness is heard (ITU-R BS.1770-4, annex 1), channel by channel,
while it streams past."""

import math
from functools import cache

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Doubles = NDArray[np.float64]
Biquad = tuple[float, float, float, float, float]
"""b0, b1, b2, a1, a2 of a filter of second order; a0 is 1."""

LONGEST = 64
"""Samples of a stretch: of longer ones the products take longer, of shorter ones the steps between
them do."""
GONE = 1e-12
"""Of a memory, so little that it cannot be told from rounding."""
STATED_AT_HZ = 48_000
SHELF: Biquad = (
    1.53512485958697,
    -2.69169618940638,
    1.19839281085285,
    -1.69065929318241,
    0.73248077421585,
)
HIGH_PASS: Biquad = (1.0, -2.0, 1.0, -1.99004745483398, 0.99007225036621)
"""Tables 1 and 2. The recommendation states them for 48 kHz alone; at any other rate the filters
must answer each frequency as these do. A bilinear transform of their prototype (libebur128, FFmpeg)
is off by up to 0.5 dB at 8 kHz: it bends the shelf, and the numerator 1, -2, 1 of its high-pass
passes 0.25 dB too much. What lies above half a recording's rate is not in it."""
MATCHED_HZ = 1_682.0
"""The middle of the shelf. Matched there, filters stray by 0.04 dB at most at 8 kHz, 0.02 at 11.025
kHz, 0.003 from 16 kHz."""


class KWeighting:
    """``filtered`` for each block in turn.

    A recursive filter goes from sample to sample, which is slow in numpy. But what it makes of a
    stretch is linear in its
    samples and in the four numbers that the filter remembers of all before: one matrix. Stretches
    are multiplied all at once, and only the four numbers are carried from one to the next.
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
    """From a row of ``size`` samples and four numbers of memory to as many weighted samples and the
    memory afterwards: both filters, in transposed direct form II, run over the unit rows."""
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
    """The head is a sphere: 4 dB more above 2 kHz. Squared magnitudes are matched at 0, at the
    middle, and at the upper end (M. Vicanek, Matched Second Order Digital Filters, 2016)."""
    if sample_rate == STATED_AT_HZ:
        return SHELF
    a1, a2 = _denominator(SHELF, sample_rate)
    at_hz = np.array([0, MATCHED_HZ, min(sample_rate, STATED_AT_HZ) / 2])
    upper = np.sin(np.pi * at_hz / sample_rate) ** 2
    terms = np.column_stack(
        [1 - upper, upper, 4 * upper * (1 - upper)]
    )  # of a squared magnitude, by frequency
    squares = (
        terms
        @ [(1 + a1 + a2) ** 2, (1 - a1 + a2) ** 2, -4 * a2]
        * _power(SHELF, at_hz, STATED_AT_HZ)
    )
    low, high, middle = np.linalg.solve(terms, squares)
    even, odd = (math.sqrt(low) + math.sqrt(high)) / 2, (math.sqrt(low) - math.sqrt(high)) / 2
    b0 = (even + math.sqrt(even * even + middle)) / 2
    return b0, odd, -middle / (4 * b0), a1, a2


def _high_pass(sample_rate: int) -> Biquad:
    """Nothing that cannot be heard, whatever its strength; its gain is matched above that."""
    a1, a2 = _denominator(HIGH_PASS, sample_rate)
    stated, plain = (
        float(_power(filtered, np.array([MATCHED_HZ]), rate)[0])
        for filtered, rate in ((HIGH_PASS, STATED_AT_HZ), ((1.0, -2.0, 1.0, a1, a2), sample_rate))
    )
    gain = math.sqrt(stated / plain)
    return gain, -2 * gain, gain, a1, a2


def _denominator(stated: Biquad, sample_rate: int) -> tuple[float, float]:
    """Whose poles ring and fade in the same time as the stated filter's."""
    poles = np.roots([1.0, *stated[3:]]).astype(complex) ** (STATED_AT_HZ / sample_rate)
    return -float(poles.sum().real), float(poles.prod().real)


def _power(biquad: Biquad, at_hz: Doubles, sample_rate: int) -> Doubles:
    """Squared magnitude of the response."""
    b0, b1, b2, a1, a2 = biquad
    z = np.exp(-2j * np.pi * at_hz / sample_rate)
    response: Doubles = np.abs((b0 + z * (b1 + z * b2)) / (1 + z * (a1 + z * a2))) ** 2
    return response
