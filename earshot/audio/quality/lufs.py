"""Measures integrated loudness (ITU-R BS.1770-4, gated) in a streaming pass: of each channel alone,
and of all together."""

import numpy as np
from numpy.typing import NDArray

from earshot.audio.quality.k_weighting import KWeighting
from earshot.compute.sound import Waveform

Doubles = NDArray[np.float64]

HOPS = 4
"""Gating blocks of 400 ms begin every 100 ms."""
FULL_SCALE_LUFS = -0.691
"""Loudness of weighted power 1."""
GATE_LUFS = -70.0
"""The absolute gate: quieter blocks are not counted."""
RELATIVE_LU = -10.0
"""The relative gate, from the mean of the blocks above the absolute one."""
STEP_LU, STEPS = 0.01, 12_000
"""Blocks are counted in a histogram of loudness, up to +50 LUFS, in constant memory. The relative
gate is then exact to one step."""


class Loudness:
    """Call ``update`` for every block, then ``each`` and ``together``. Channels have equal weights:
    speakers at a table, not loudspeakers around a listener."""

    def __init__(self, channels: int, sample_rate: int) -> None:
        self._hop = sample_rate // 10
        self._weighting = KWeighting(channels, sample_rate, self._hop)
        self._waiting = np.zeros((channels, 0), np.float32)
        self._hops = np.zeros((channels, 0))
        self._power = np.zeros(
            (channels + 1, STEPS)
        )  # of gating blocks, by their loudness; the last row is of all together
        self._blocks = np.zeros((channels + 1, STEPS), np.int64)

    def update(self, block: Waveform) -> None:
        """Adds a block of shape (channels, samples). A rest shorter than 100 ms at the end does not
        count."""
        sound = np.concatenate([self._waiting, block], axis=1)
        count = sound.shape[1] // self._hop
        self._waiting = sound[:, count * self._hop :]
        if not count:
            return
        weighted = self._weighting.filtered(sound[:, : count * self._hop]).reshape(
            len(sound), count, self._hop
        )
        hops = np.concatenate([self._hops, np.vecdot(weighted, weighted) / self._hop], axis=1)
        self._hops = hops[:, 1 - HOPS :]
        if hops.shape[1] >= HOPS:
            blocks = np.lib.stride_tricks.sliding_window_view(hops, HOPS, axis=1).mean(axis=2)
            self._count(np.concatenate([blocks, blocks.sum(axis=0, keepdims=True)]))

    def each(self) -> list[float | None]:
        """LUFS of each channel; None without 400 ms above -70 LUFS."""
        return [_gated(*row) for row in list(zip(self._power, self._blocks, strict=True))[:-1]]

    def together(self) -> float | None:
        """LUFS of all channels."""
        return _gated(self._power[-1], self._blocks[-1])

    def _count(self, power: Doubles) -> None:
        """Counts powers of shape (channels and all together, blocks)."""
        steps = (_lufs(power) - GATE_LUFS) / STEP_LU
        row, block = np.nonzero(steps >= 0)
        step = np.minimum(steps[row, block], STEPS - 1).astype(np.int64)
        np.add.at(self._power, (row, step), power[row, block])
        np.add.at(self._blocks, (row, step), 1)


def _gated(power: Doubles, blocks: NDArray[np.int64]) -> float | None:
    if not blocks.any():
        return None
    gate = float(_lufs(power.sum() / blocks.sum())) + RELATIVE_LU
    first = max(round((gate - GATE_LUFS) / STEP_LU), 0)
    return float(_lufs(power[first:].sum() / blocks[first:].sum()))


def _lufs(power: Doubles) -> Doubles:
    loudness: Doubles = FULL_SCALE_LUFS + 10 * np.log10(np.maximum(power, 1e-30))
    return loudness
