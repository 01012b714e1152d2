"""Speech for tests: the two voices of the demo call."""

import numpy as np
import soxr
from numpy.typing import NDArray

from earshot.audio.decoding.decode import decode
from earshot.audio.decoding.frames import Tally
from earshot.audio.decoding.probe import probe
from earshot.settings import PROJECT

RATE = 16_000


FIRST_S = {"agent": (0, 1.3, 5.6), "customer": (1, 6.5, 11.4)}
"""Channel, and where the first sentence begins and ends."""


def voice(seconds: float, of: str = "agent") -> NDArray[np.float32]:
    """The first sentence, again and again until it is as long as wanted; shape (samples,) at
    ``RATE``."""
    channel, start, end = FIRST_S[of]
    said = call()[channel, round(start * RATE) : round(end * RATE)]
    return np.resize(said, round(seconds * RATE)).astype(np.float32)


def call() -> NDArray[np.float32]:
    """The demo call, shape (channels, samples) at ``RATE``."""
    path = PROJECT / "demo" / "call.ogg"
    found = probe(path)
    sound = np.concatenate(list(decode(path, found, Tally())), axis=1)
    return soxr.resample(sound.T, found.sample_rate, RATE).T.astype(np.float32)
