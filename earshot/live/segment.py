"""One segment: speech between two pauses, and what is known of its words so far."""

from dataclasses import dataclass, field
from typing import Any

from earshot.audio.speech.vad import WINDOW
from earshot.compute.sound import SAMPLE_RATE
from earshot.live.agreement import Agreement, Spoken
from earshot.live.listening import Heard, Look


def samples(milliseconds: int) -> int:
    """Milliseconds as samples."""
    return milliseconds * SAMPLE_RATE // 1000


BEFORE = samples(200)
"""Sound before speech in its window: the detector may clip soft sounds."""
BEHIND = samples(128)
"""Pause behind speech in its final window. It is recognised when this much has passed; if it
becomes an end, the words are there."""
PAUSES = ((samples(4_000), samples(320)), (samples(6_000), samples(224)), (10**9, samples(128)))
"""The pause that ends a segment, by the longest length of the segment: shorter ones suffice as it
grows, since a cut within a phrase costs words."""
LONGEST = samples(8_000)
"""A segment without such a pause is divided: the cost of a window grows with its length."""
SHORTEST = samples(200)
"""Less speech is a click or a cough."""
FIRST = samples(300)
"""Speech before the first partial: in less there is no word."""
GRID = samples(480)
"""Sound between two hypotheses that may commit words. All of them are recognised, at fixed
positions, so that what is committed does not depend on the load; others are only shown."""


@dataclass
class Segment:
    """Positions are samples of the session."""

    start: int
    """Of its window."""
    speech: list[int]
    """Windows with speech, of ``earshot.audio.speech.vad.WINDOW`` samples each."""
    silent: int | None = None
    """Where the pause began in which it is."""
    closed: bool = False
    """The pause has ended it."""
    after: dict[str, Any] = field(default_factory=dict)
    """State from which a session is resumed behind it."""
    cut_at: int | None = None
    """Where it became too long; nothing behind is judged until it is divided."""
    agreement: Agreement = field(default_factory=Agreement)
    grid: int = 0
    """Where the next hypothesis ends that may commit words."""
    looked: int = 0
    """Position up to which it was recognised."""
    asked: int | None = None
    """The pause for which its final window is, or was, recognised last."""
    final: tuple[Look, Heard] | None = None
    """That window's words, while the pause may still turn out to be none."""
    revision: int = 0
    """How often its text has changed."""
    shown: tuple[Spoken, ...] = ()
    """Words of its last event."""
    stable_until_ms: int = 0

    def __post_init__(self) -> None:
        self.grid = self.grid or self.start + GRID

    @property
    def voiced(self) -> int:
        """Samples with speech."""
        return len(self.speech) * WINDOW

    @property
    def committed(self) -> tuple[Spoken, ...]:
        return tuple(self.agreement.committed)

    def ends_after(self) -> int:
        """The pause that ends it now."""
        assert self.silent is not None
        length = self.silent - self.start
        return next(pause for most, pause in PAUSES if length <= most)

    def window_end(self) -> int:
        """Of the final window."""
        assert self.silent is not None
        return self.silent + BEHIND

    def known(self) -> tuple[Look, Heard] | None:
        """The final window's words, if they are those of the pause in which it is."""
        return self.final if self.final and self.final[0].pause == self.silent else None

    def carried(self) -> dict[str, Any]:
        """What a successor needs of it besides the sound."""
        return {
            "start": self.start,
            "revision": self.revision,
            "words": [[each.text, each.tokens, each.confidence] for each in self.committed],
            "before": list(self.agreement.before),
            "grid": self.grid,
        }

    def resume(self, carried: dict[str, Any]) -> None:
        """Continues from what ``carried`` returned; nothing changes if that was another segment."""
        if carried["start"] != self.start:
            return
        words = [Spoken(text, tuple(ids), share) for text, ids, share in carried["words"]]
        self.agreement = Agreement(words, carried["before"])
        self.revision, self.grid = carried["revision"], carried["grid"]

    def behind(self, position: int) -> "Segment":
        """The rest of it behind a cut."""
        silent = None if self.silent is None else max(self.silent, position)
        speech = [each for each in self.speech if each >= position]
        rest = Segment(position, speech, silent)
        rest.looked = position
        return rest
