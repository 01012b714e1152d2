"""How many sessions a live process carries: what a second of speech costs it, by the recogniser
itself."""

import time
from typing import NamedTuple

from earshot.audio.speech.vad import SpeechDetector
from earshot.compute.sound import SAMPLE_RATE, Samples
from earshot.live.hearing import Hearing
from earshot.live.listening import Listener
from earshot.live.segment import samples

BLOCK = SAMPLE_RATE // 50

USED = 0.5
"""Share of the cores that speech of all sessions at a time may take. With more of it, windows wait
for each other, and words come later than in a single session."""
STEP_MS = 160
"""New sound between two windows of a session that waits for no other."""


class Measured(NamedTuple):
    """The measurement."""

    cpu_per_second: float
    """CPU seconds for a second of speech."""
    sessions: int


def measure(listener: Listener, sound: Samples, cores: int) -> Measured:
    """Recognises speech as in a session.

    Args:
        sound: speech.
    """
    detector = SpeechDetector(0)
    detector.feed(sound)
    speech_sec = sum(each.end_ms - each.start_ms for each in detector.finish()) / 1000
    hearing = Hearing()
    began = time.process_time()
    for start in range(0, len(sound), BLOCK):
        hearing.feed(sound[start : start + BLOCK])
        while look := hearing.wants(samples(STEP_MS)):
            hearing.take(look, listener.listen(look))
    cost = (time.process_time() - began) / speech_sec
    return Measured(cost, max(1, int(cores * USED / cost)))
