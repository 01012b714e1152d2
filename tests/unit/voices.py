"""Speech for tests: the agent of the demo call."""

import numpy as np
import soxr
from numpy.typing import NDArray

from audio.decode import decode
from audio.frames import Tally
from audio.probe import probe
from settings import PROJECT

RATE = 16_000


def voice(seconds: float) -> NDArray[np.float32]:
    """Her first sentence, again and again until it is as long as wanted; shape (samples,) at ``RATE``."""
    path = PROJECT / "demo" / "call.ogg"
    found = probe(path)
    sound = np.concatenate([block[0] for block in decode(path, found, Tally())])
    said = soxr.resample(sound, found.sample_rate, RATE)[round(1.3 * RATE) : round(5.6 * RATE)]
    return np.resize(said, round(seconds * RATE)).astype(np.float32)
