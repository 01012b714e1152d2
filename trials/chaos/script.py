"""Commands to the probe in a chunk's audio: a constant level stands for seconds of work, or for a
death."""

from typing import Final, Literal

import numpy as np

from earshot.compute.sound import Waveform

KILLS_CHILD: Final = "kills its child"
KILLS_GROUP: Final = "kills its worker group"
Command = float | Literal["kills its child", "kills its worker group"] | None
"""Seconds of work, a death, or None for an ordinary sound."""

_DEATHS: dict[Command, float] = {KILLS_CHILD: 0.80, KILLS_GROUP: 0.90}
_LOWEST, _STEP, _LONGEST = 0.30, 0.01, 40
"""Level of no work at all, and its increase with each second; speech and noise stay far below the
lowest."""


def level(command: float | str) -> float:
    """The constant for a command, as a share of full scale."""
    for death, height in _DEATHS.items():
        if command is death:
            return height
    seconds = float(command)
    assert 0 <= seconds <= _LONGEST
    return _LOWEST + seconds * _STEP


def command(samples: Waveform) -> Command:
    """The command in samples of shape (channels, samples)."""
    height = float(np.median(np.abs(samples)))
    if height < _LOWEST - _STEP / 2:
        return None
    for death, wanted in _DEATHS.items():
        if abs(height - wanted) < 0.05:
            return death
    return round((height - _LOWEST) / _STEP, 1)
