"""Where decoded sound lies on the file's own line: late starts, gaps, and leaps of the time stamps.

Time stamps are evidence, not truth: silence takes the place of missing sound only as far as the
bytes of the sound make such a length likely. A greater leap is a clock that was set, and what
follows it is placed right behind what came before.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from earshot.analysis.printable import plural

GAP_MS = 200
"""Timestamps may run ahead of the samples by this much; beyond, sound is missing (a lost
connection, a damaged stretch) and silence takes its place, so that everything after it keeps its
time."""
LONGEST_GAP_MS = 60_000
"""In a file that states no duration, a greater leap is taken for a clock that was set anew."""

LIKELY_BITS = 12_000
"""Bits per second where the file names none: speech in Opus."""
LOWEST_BITS = 4_000
LOW_RATE = ("amr_nb", "amr_wb", "speex", "g723_1", "g729", "qcelp", "evrc", "ilbc")
"""No codec goes below the first for long (AMR's lowest mode takes 4,750), none but these below what
is likely; a header that names less is not believed. MP4's bit rate, for one, is the size over the
length that its time stamps make."""

SILENCE_SHARE = 3
SILENCE_MS = 60_000
"""Silence put into one recording: three times the sound that it is likely to hold, for a speaker
who is muted most of the time, and a minute."""


def likely_ms(size: int, bits_per_second: int | None, codec: str) -> int:
    """How long a file of ``size`` bytes is by its bit rate."""
    return (
        size
        * 8000
        // max(bits_per_second or LIKELY_BITS, LOWEST_BITS if codec in LOW_RATE else LIKELY_BITS)
    )


def most_silence_ms(likely: int) -> int:
    """How much silence a file may turn into that is likely to hold so much sound."""
    return SILENCE_SHARE * likely + SILENCE_MS


def clock(samples: int, rate: int) -> str:
    """Hours, minutes and seconds."""
    seconds = samples // rate
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def form(rate: int, channels: int) -> str:
    """Rate and channels in words."""
    return f"{rate} Hz, {plural(channels, 'channel')}"


@dataclass(frozen=True)
class Leap:
    """Time stamps that run ahead by ``length_ms`` where the recording is ``at_ms`` long, and were
    not followed."""

    at_ms: int
    length_ms: int


class Pace:
    """How long the sound of a file is likely to be, if the rest of its bytes becomes as much of it
    as those did that were read: where pictures lie in between, no bit rate tells.

    Args:
        size: bytes of the file.
        by_rate_ms: its length by its bit rate; None where it holds pictures.
    """

    def __init__(self, size: int, by_rate_ms: int | None) -> None:
        self._size, self._by_rate = size, by_rate_ms
        self._first: tuple[int, int] | None = None
        self._now = (0, 0)

    def reached(self, read: int, sound_ms: int) -> None:
        """So many bytes were read when there was so much sound. What lies before the first of it,
        an index or a cover, does not count."""
        self._first = self._first or (read, sound_ms)
        self._now = (read, sound_ms)

    def likely_ms(self, read: int) -> int:
        """By now, when so many bytes were read; as long as few were, no longer than if pictures
        were sound."""
        start, before = self._first or (0, 0)
        took, became = self._now[0] - start, self._now[1] - before
        by_pace = (
            before + became * (self._size - start) // took if took > 0 and became > 0 else None
        )
        if self._by_rate is None:
            by_bytes = likely_ms(read, None, "")
            return by_bytes if by_pace is None else min(by_pace, by_bytes)
        return self._by_rate if by_pace is None else by_pace


class Timeline:
    """Compares a frame's time stamp with the number of samples before it.

    Args:
        rate: samples per second that are counted.
        stated_ms: the length that the file states.
        silence: samples of it in the parts before.
        start_sec: where the file's line begins, as other tracks show; None: where this track does.
    """

    def __init__(
        self, rate: int, stated_ms: int | None, silence: int, start_sec: Fraction | None = None
    ) -> None:
        self.lead = 0
        """Samples of silence before the first sound."""
        self.leaps: list[Leap] = []
        self._rate = rate
        self._stated = None if stated_ms is None else stated_ms * rate // 1000
        self._silence = silence
        self._start = None if start_sec is None else int(start_sec * rate)
        self._origin: int | None = None
        self._end = 0

    @property
    def end_ms(self) -> int:
        """The time stamp, in the file's own count, at which the last frame ends."""
        return self._end * 1000 // self._rate

    def gap_before(self, frame: Any, done: int, likely_ms: int) -> int:
        """Samples that are missing before ``frame``, of ``done`` so far, in a file that is likely
        to hold so much sound."""
        if frame.pts is None or frame.time_base is None:
            return 0
        base = frame.time_base
        position: int = frame.pts * base.numerator * self._rate // base.denominator
        self._end = position + frame.samples * self._rate // frame.sample_rate
        budget = most_silence_ms(likely_ms) * self._rate // 1000 - self._silence
        if self._origin is None:
            return self._first(position, done, budget)
        gap = position - self._origin - done
        tolerance = GAP_MS * self._rate // 1000
        if -tolerance <= gap <= tolerance:
            return 0
        longest = (
            LONGEST_GAP_MS * self._rate // 1000 if self._stated is None else self._stated - done
        )
        if 0 < gap <= min(max(longest, tolerance), budget):
            self._silence += gap
            return gap
        self._set_anew(position, done, gap)
        return 0

    def _first(self, position: int, done: int, budget: int) -> int:
        late = 0 if self._start is None or done else max(0, position - self._start)
        if late > budget:
            self._set_anew(position, done, late)
            return 0
        self._origin = position - late - done
        self._silence += late
        self.lead = late
        return late

    def _set_anew(self, position: int, done: int, leap: int) -> None:
        self._origin = position - done
        if leap > 0:
            self.leaps.append(Leap(done * 1000 // self._rate, leap * 1000 // self._rate))
