"""Types of audio arrays, and the amount of audio in one forward pass."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Waveform = NDArray[np.float32]
"""Float32 in [-1, 1], shape (channels, samples)."""
Samples = NDArray[np.float32]
"""Mono float32 in [-1, 1] at ``SAMPLE_RATE``, shape (samples,)."""
SAMPLE_RATE = 16_000
"""Hz; the rate of every speech network here."""
PASS_SEC = 480
"""Audio in one forward pass, seconds, padding included: sixteen chunks of half a minute, the
content of a full job. More rows do not make a GPU faster; a pass that does not fit into memory is
halved (``workers.run``)."""


def passes(
    lengths: Sequence[int], rate: int = SAMPLE_RATE, row_sec: float = 0.0
) -> list[list[int]]:
    """Indices by forward pass, longest first, so that rows of one pass have similar lengths and
    little padding.

    Args:
        lengths: samples.
        row_sec: length to which every row is padded, for models with a window of fixed length.
    """
    found: list[list[int]] = []
    most = 0
    for index in sorted(range(len(lengths)), key=lambda index: -lengths[index]):
        if not found or len(found[-1]) >= most:
            most = max(1, int(PASS_SEC / max(row_sec, lengths[index] / rate)))
            found.append([])
        found[-1].append(index)
    return found
