"""Applies K-weighting (ITU-R BS.1770-4, annex 1), channel by channel, in a streaming pass."""

import math
from functools import cache

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Doubles = NDArray[np.float64]
Biquad = tuple[float, float, float, float, float]
"""b0, b1, b2, a1, a2 of a second-order filter; a0 is 1."""

LONGEST = 64
"""Block size: larger is bound by the matrix product, smaller by per-block overhead."""
GONE = 1e-12
"""State below this is indistinguishable from rounding."""
STATED_AT_HZ = 48_000
SHELF: Biquad = (
    1.53512485958697,
    -2.69169618940638,
    1.19839281085285,
    -1.69065929318241,
    0.73248077421585,
)
HIGH_PASS: Biquad = (1.0, -2.0, 1.0, -1.99004745483398, 0.99007225036621)
"""Tables 1 and 2. The recommendation states them for 48 kHz only; at other rates the filters must
have the same frequency response. A bilinear transform of their prototype (libebur128, FFmpeg) is
off by up to 0.5 dB at 8 kHz: it bends the shelf, and the numerator 1, -2, 1 of its high-pass passes
0.25 dB too much. A recording contains nothing above half its rate."""
MATCHED_HZ = 1_682.0
"""The middle of the shelf. Matched there, the filters deviate by 0.04 dB at most at 8 kHz, 0.02 at
11.025 kHz, 0.003 from 16 kHz."""


class KWeighting:
    """A streaming K-weighting filter; call ``filtered`` for each block in turn.

    A recursive filter works sample by sample, which is slow in numpy. But its output for a block is
    linear in the samples and the four state values: one matrix. All blocks are multiplied at once,
    and only the four values are carried over.
    """

    def __init__(self, channels: int, sample_rate: int, step: int) -> None:
        """Creates a filter.

        Args:
            step: length of blocks in samples; blocks may be multiples of it.
        """
        self._size = max(size for size in range(1, min(LONGEST, step) + 1) if step % size == 0)
        whole = _matrix(sample_rate, self._size)
        self._sound = whole[: self._size].astype(np.float32)
        self._ringing = whole[self._size :, : self._size].astype(np.float32)
        self._fading = _powers(whole[self._size :, self._size :])
        self._memory = np.zeros((channels, 1, 4))

    def filtered(self, block: Array) -> Array:
        """Filters a block; same shape (channels, samples)."""
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
    """The matrix from ``size`` samples and four state values to as many filtered samples and the
    state afterwards: both filters, in transposed direct form II, applied to the unit rows."""
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
    """Decay of the state after 1, 2, 4 ... blocks, until it vanishes."""
    found = [fading]
    while np.abs(found[-1]).max() > GONE:
        found.append(found[-1] @ found[-1])
    return found[:-1]


def _shelf(sample_rate: int) -> Biquad:
    """Shelf filter of the head, modelled as a sphere: 4 dB more above 2 kHz. Squared magnitudes are
    matched at 0, at the middle, and at the upper end (M. Vicanek, Matched Second Order Digital
    Filters, 2016)."""
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
    """High-pass that removes inaudible frequencies; its gain is matched above them."""
    a1, a2 = _denominator(HIGH_PASS, sample_rate)
    stated, plain = (
        float(_power(filtered, np.array([MATCHED_HZ]), rate)[0])
        for filtered, rate in ((HIGH_PASS, STATED_AT_HZ), ((1.0, -2.0, 1.0, a1, a2), sample_rate))
    )
    gain = math.sqrt(stated / plain)
    return gain, -2 * gain, gain, a1, a2


def _denominator(stated: Biquad, sample_rate: int) -> tuple[float, float]:
    """Denominator whose poles have the frequency and decay time of the stated filter's."""
    poles = np.roots([1.0, *stated[3:]]).astype(complex) ** (STATED_AT_HZ / sample_rate)
    return -float(poles.sum().real), float(poles.prod().real)


def _power(biquad: Biquad, at_hz: Doubles, sample_rate: int) -> Doubles:
    """Squared magnitude of the response."""
    b0, b1, b2, a1, a2 = biquad
    z = np.exp(-2j * np.pi * at_hz / sample_rate)
    response: Doubles = np.abs((b0 + z * (b1 + z * b2)) / (1 + z * (a1 + z * a2))) ** 2
    return response
