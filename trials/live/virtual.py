"""A session without servers, on a clock that the CPU time of each window moves: what one core that
nothing else uses would do."""

import time

from earshot.compute.sound import SAMPLE_RATE
from earshot.live.events import Event
from earshot.live.hearing import Hearing
from earshot.live.listening import Listener
from earshot.live.segment import samples
from earshot.models.asr.english_alignment import Aligner
from live.capacity import STEP_MS
from live.serve import recogniser
from trials.live.recordings import Spoken
from trials.live.streaming import PACKET, Arrived, Streamed

TICK_SEC = 0.01


class Virtual:
    """One session."""

    def __init__(self, spoken: Spoken, listener: Listener) -> None:
        self._spoken, self._listener = spoken, listener
        self._hearing = Hearing()
        self._now = 0.0
        self._arrived: list[Arrived] = []
        self.cpu_sec = 0.0
        """Of all windows."""

    def run(self) -> Streamed:
        """Speaks the session to its end."""
        sound = self._spoken.samples
        while not self._hearing.done:
            self._pass(TICK_SEC)
            if self._hearing.end == len(sound) // PACKET * PACKET and not self._hearing.ended:
                self._came(self._hearing.finish())
            look = self._hearing.wants(samples(STEP_MS))
            if look is not None:
                began = time.thread_time()
                heard = self._listener.listen(look)
                taken = time.thread_time() - began
                self.cpu_sec += taken
                self._pass(taken)
                self._came(self._hearing.take(look, heard))
        return Streamed(self._spoken, self._arrived, 0.0)

    def _pass(self, seconds: float) -> None:
        """Lets time pass, in which packets come."""
        until = self._now + seconds
        while self._now < until:
            self._now = min(until, self._now + TICK_SEC)
            packets = int(self._now * SAMPLE_RATE) // PACKET
            spoken = self._spoken.samples[self._hearing.end : packets * PACKET]
            whole = len(spoken) // PACKET * PACKET
            if whole and not self._hearing.ended:
                self._came(self._hearing.feed(spoken[:whole]))

    def _came(self, events: list[Event]) -> None:
        self._arrived += [Arrived(1000 * self._now, event.body) for event in events]


def streamed(spoken: Spoken) -> tuple[Streamed, float]:
    """A session, and the CPU seconds of its windows for each of its seconds."""
    session = Virtual(spoken, Listener(recogniser(), Aligner().align))
    done = session.run()
    return done, session.cpu_sec * SAMPLE_RATE / len(spoken.samples)
