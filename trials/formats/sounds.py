"""Test audio that reveals missing parts: speech, with a tone at either end and in the middle,
another one on each channel."""

from functools import cache
from pathlib import Path

import numpy as np
import soxr
from numpy.typing import NDArray

from demo import voice
from earshot.audio.decoding.decode import decode
from earshot.audio.decoding.frames import Tally
from earshot.audio.decoding.probe import probe

Sound = NDArray[np.float32]

SPEECH = Path(voice.__file__).with_name("call.ogg")
SPEECH_FROM_SEC = 35
MARK_SEC, EDGE_SEC = 0.3, 0.05
MARKS_HZ = (700.0, 1_100.0, 1_500.0)
"""At the beginning, in the middle, at the end; within what telephones pass. Each channel adds
``CHANNEL_HZ``."""
CHANNEL_HZ = 160.0
MARK_PEAK, DISTINCT_DB = 0.4, 10.0
"""Limits of a mark: maximum attenuation, and minimum level above the rest of its band."""


def compose(seconds: float, rate: int, channels: int) -> Sound:
    """Shape (channels, samples)."""
    spoken = _speech(rate)
    sound = np.stack(
        [
            _laid(np.roll(spoken, -channel * rate), round(seconds * rate))
            for channel in range(channels)
        ]
    )
    for channel, line in enumerate(sound):
        for hz, middle in zip(MARKS_HZ, marks(seconds), strict=True):
            first = round((middle - MARK_SEC / 2) * rate)
            times = np.arange(round(MARK_SEC * rate)) / rate
            line[first : first + len(times)] *= 0.1
            line[first : first + len(times)] += MARK_PEAK * np.sin(
                2 * np.pi * (hz + channel * CHANNEL_HZ) * times
            )
    return sound.astype(np.float32)


def marks(seconds: float) -> tuple[float, float, float]:
    """The middle of each mark, in seconds."""
    edge = EDGE_SEC + MARK_SEC / 2
    return edge, seconds / 2, seconds - edge


def found_at(line: Sound, rate: int, hz: float) -> float | None:
    """Position of a mark on one channel, in seconds; None if it is not found."""
    turning = np.exp(-2j * np.pi * hz * np.arange(len(line)) / rate)
    width = round(MARK_SEC * rate)
    sums = np.concatenate([[0], np.cumsum(line * turning)])
    level_db = 20 * np.log10(np.abs(sums[width:] - sums[:-width]) / width * 2 / MARK_PEAK + 1e-9)
    best = int(level_db.argmax())
    around = np.delete(level_db, slice(max(0, best - width), best + width))
    is_there = level_db[best] > -DISTINCT_DB and level_db[best] > DISTINCT_DB + np.median(
        [-100.0, *around]
    )
    return best / rate + MARK_SEC / 2 if is_there else None


def _laid(spoken: Sound, size: int) -> Sound:
    return np.tile(spoken, -(-size // len(spoken)))[:size]


@cache
def _speech(rate: int) -> Sound:
    found = probe(SPEECH)
    one = np.concatenate([block.mean(axis=0) for block in decode(SPEECH, found, Tally())])[
        SPEECH_FROM_SEC * found.sample_rate :
    ]
    resampled = soxr.resample(one, found.sample_rate, rate)
    spoken: Sound = (0.5 * resampled / np.abs(resampled).max()).astype(np.float32)
    return spoken
