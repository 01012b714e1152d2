"""The live transcript of one session as a state machine: sound in, windows to recognise out; their
words in, events out. All decisions rest on positions in the sound, none on time."""

from typing import Any

import numpy as np

from earshot.audio.speech.vad import SILENCE_BELOW, SPEECH_ABOVE, WINDOW
from earshot.compute.sound import Samples
from earshot.live.dividing import divide
from earshot.live.events import Event, final_event, partial_event
from earshot.live.listening import Heard, Kind, Look, ms
from earshot.live.segment import BEFORE, FIRST, GRID, LONGEST, SHORTEST, Segment
from earshot.live.voice import Voice

KEPT = 2 * BEFORE
"""Sound that is kept while there is no speech."""


class Hearing:
    """Feed it with mono samples at 16 kHz; recognise what it ``wants``, one window at a time, and
    let it ``take`` the words. Both return events. Not for several threads."""

    def __init__(self) -> None:
        self._voice = Voice()
        self._sound: Samples = np.zeros(0, np.float32)
        self._begin = self._judged = self._floor = 0
        self._segments: list[Segment] = []
        self._number = 0
        self._carried: dict[str, Any] | None = None
        self._behind_cut: dict[str, Any] | None = None  # state behind a cut that had no words
        self._length: int | None = None  # of the sound, once there is no more

    @property
    def end(self) -> int:
        """Position behind the last sample that was fed."""
        return self._begin + len(self._sound)

    @property
    def ended(self) -> bool:
        """There are no more samples."""
        return self._length is not None

    @property
    def done(self) -> bool:
        """All has been said that will be."""
        return self.ended and not self._segments

    @property
    def speaking(self) -> bool:
        """Whether a segment is open."""
        return bool(self._segments) and not self._segments[-1].closed

    @property
    def ending(self) -> bool:
        """Whether the first segment has ended, or is in a pause."""
        head = self._segments[0] if self._segments else None
        return head is not None and (head.silent is not None or head.cut_at is not None)

    def feed(self, samples: Samples) -> list[Event]:
        """The next samples, shape (samples,); any number."""
        self._sound = np.concatenate([self._sound, samples])
        return self._advance()

    def finish(self) -> list[Event]:
        """There are no more samples; the last segment ends here."""
        self._length = self.end
        return self.feed(np.zeros(-(self._length - self._judged) % WINDOW, np.float32))

    def _advance(self) -> list[Event]:
        """Judges what was fed, up to a cut: the next segment begins behind a word of this one."""
        events: list[Event] = []
        while self.end - self._judged >= WINDOW and not self._cuts():
            at = self._judged - self._begin
            self._judge(self._voice.share(self._sound[at : at + WINDOW]))
            self._judged += WINDOW
            self._close()
            events += self._settle()
        if self._length is not None and self.speaking and not self._cuts():
            open_ = self._segments[-1]
            open_.silent = self._length if open_.silent is None else open_.silent
            self._end(open_)
            events += self._settle()
        idle = max(self._floor, self._judged - KEPT)
        self._forget(self._segments[0].start if self._segments else idle)
        return events

    def _cuts(self) -> bool:
        return bool(self._segments) and self._segments[-1].cut_at is not None

    def wants(self, step: int) -> Look | None:
        """The window to recognise next: at the positions that commit words, at a pause, where
        speech is too long, or else when there are ``step`` more samples of speech than were
        recognised. None: nothing yet."""
        if not self._segments:
            return None
        head = self._segments[0]
        if head.voiced < SHORTEST:
            return None
        if self._carried and self._carried["start"] <= head.start:
            head.resume(self._carried)
            self._carried = None
        limit = self._judged if head.silent is None else head.silent
        if head.grid <= limit:
            return self._look(head, "partial", head.grid, commits=True)
        if head.cut_at is not None:
            return self._look(head, "cut", head.cut_at)
        if head.silent is not None and (head.closed or self._judged >= head.window_end()):
            fresh, head.asked = head.asked != head.silent, head.silent
            return self._look(head, "final", head.window_end(), head.silent) if fresh else None
        behind = self._judged - max(head.looked, head.start)
        wanted = head.silent is None and head.voiced >= FIRST and behind >= step
        return self._look(head, "partial", self._judged) if wanted else None

    def take(self, look: Look, heard: Heard) -> list[Event]:
        """The words of the window that it wanted last."""
        head = self._segments[0]
        if look.kind == "cut":
            return [*self._divided(head, look, heard), *self._advance()]
        if look.kind == "final" and look.pause == head.silent:
            head.final = (look, heard)
            return self._settle()
        if look.commits:
            head.agreement.take(heard.words)
        # A pause that was none has words of the speech before it all the same.
        return partial_event(self._number, head, look, heard, self._lag(look.end))

    def checkpoint(self) -> dict[str, Any] | None:
        """The state from which another one can resume with the sound from ``begin`` on; None where
        a segment is open, unless it began behind a cut without words. Events of finals have it."""
        if self._segments:
            return self._behind_cut
        return self._state(max(self._floor, self._begin))

    def committed(self) -> dict[str, Any] | None:
        """What is committed of the open segment, and its revision."""
        if self._carried is not None:
            return self._carried
        if not self._segments or not self._segments[0].agreement.before:
            return None
        return {"segment": self._number, **self._segments[0].carried()}

    def resume(self, state: dict[str, Any] | None, committed: dict[str, Any] | None) -> None:
        """Continues from a checkpoint, and from what was committed behind it; to be fed with the
        sound from ``begin`` on. Without a checkpoint, from the beginning."""
        if state is not None:
            self._begin, self._judged = state["begin"], state["judged"]
            self._floor, self._number = state["floor"], state["number"]
            self._voice.resume(state["voice"])
            self._segments = [Segment(**state["open"])] if "open" in state else []
        if committed and committed["segment"] == self._number:
            self._carried = committed

    def _judge(self, share: float) -> None:
        open_ = self._segments[-1] if self.speaking else None
        if share >= SPEECH_ABOVE:
            if open_ is None:
                start = max(self._floor, self._judged - BEFORE, self._begin)
                open_ = Segment(start, [])
                self._segments.append(open_)
            open_.silent = None
            open_.speech.append(self._judged)
        elif open_ and share < SILENCE_BELOW and open_.silent is None:
            open_.silent = self._judged

    def _close(self) -> None:
        if not self.speaking:
            return
        open_ = self._segments[-1]
        if open_.silent is not None and self._judged - open_.silent >= open_.ends_after():
            self._end(open_)
        elif open_.voiced < SHORTEST and self._judged - open_.start >= LONGEST:
            open_.silent = self._judged
            self._end(open_)
        elif self._judged - open_.start >= LONGEST:
            open_.cut_at = self._judged

    def _end(self, open_: Segment) -> None:
        open_.closed = True
        self._floor = min(open_.window_end(), self._judged)
        open_.after = self._state(self._floor)

    def _settle(self) -> list[Event]:
        """The final of the first segment, if it has ended and its words are known; those with too
        little speech are dropped."""
        events: list[Event] = []
        while self._segments and (head := self._segments[0]).closed:
            if head.voiced >= SHORTEST:
                known = head.known()
                if known is None:
                    break
                events += self._final(head, *known)
            del self._segments[0]
        return events

    def _final(self, head: Segment, look: Look, heard: Heard) -> list[Event]:
        made = final_event(self._number, head, look, heard, self._lag(look.end))
        if made is None:
            return []
        self._number += 1
        self._behind_cut = None
        made.state = {**head.after, "number": self._number}
        return [made]

    def _divided(self, head: Segment, look: Look, heard: Heard) -> list[Event]:
        """Divides a segment that is too long behind one of its words."""
        (look, words), made = divide(look, heard, len(head.committed)), None
        rest = self._segments[0] = head.behind(look.end)
        if words is not None:
            made = final_event(self._number, head, look, words, self._lag(look.end))
        self._number += made is not None
        opened = {"start": rest.start, "speech": list(rest.speech), "silent": rest.silent}
        state = {**self._state(look.end), "open": opened}
        if made is None:
            self._behind_cut = state
            return []
        self._behind_cut, made.state = None, state
        return [made]

    def _look(
        self, head: Segment, kind: Kind, end: int, pause: int | None = None, commits: bool = False
    ) -> Look:
        head.looked = max(head.looked, end)
        head.grid += GRID * commits
        first, last = head.start - self._begin, min(end, self.end) - self._begin
        return Look(
            kind=kind,
            start=head.start,
            samples=self._sound[first:last],
            committed=head.committed,
            commits=commits,
            pause=pause,
        )

    def _state(self, floor: int) -> dict[str, Any]:
        return {
            "begin": max(0, min(floor, self._judged)),
            "judged": self._judged,
            "voice": self._voice.state(),
            "floor": floor,
            "number": self._number,
        }

    def _lag(self, position: int) -> int:
        return max(0, ms(self.end - position))

    def _forget(self, position: int) -> None:
        behind = min(position, self._judged) - self._begin
        if behind > 0:
            self._sound, self._begin = self._sound[behind:], self._begin + behind
