"""What a chunk's sound tells the probe to do: a constant level stands for seconds of work, or for
death."""

from typing import Final, Literal

import numpy as np

from earshot.compute.sound import Waveform

KILLS_CHILD: Final = "kills its child"
KILLS_GROUP: Final = "kills its worker group"
Said = float | Literal["kills its child", "kills its worker group"] | None
"""Seconds of work, a death, or None for an ordinary sound."""

_DEATHS: dict[Said, float] = {KILLS_CHILD: 0.80, KILLS_GROUP: 0.90}
_LOWEST, _STEP, _LONGEST = 0.30, 0.01, 40
"""Level of no work at all, and by how much it rises with each second; speech and noise stay far
below the lowest."""


def level(said: float | str) -> float:
    """The constant that says so, as a share of full scale."""
    for death, height in _DEATHS.items():
        if said is death:
            return height
    seconds = float(said)
    assert 0 <= seconds <= _LONGEST
    return _LOWEST + seconds * _STEP


def heard(samples: Waveform) -> Said:
    """What samples of shape (channels, samples) say."""
    height = float(np.median(np.abs(samples)))
    if height < _LOWEST - _STEP / 2:
        return None
    for death, wanted in _DEATHS.items():
        if abs(height - wanted) < 0.05:
            return death
    return round((height - _LOWEST) / _STEP, 1)
