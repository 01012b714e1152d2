"""Where decoded sound lies on the file's own line: late starts, gaps, and leaps of the time stamps.

Time stamps are evidence, not truth: silence takes the place of missing sound only as far as the size of the whole file makes
such a length likely. A greater leap is a clock that was set, and what follows it is placed right behind what came before.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

GAP_MS = 200
"""Timestamps may run ahead of the samples by this much; beyond, sound is missing (a lost connection, a damaged stretch) and
silence takes its place, so that everything after it keeps its time."""
LONGEST_GAP_MS = 60_000
"""In a file that states no duration, a greater leap is taken for a clock that was set anew."""

LIKELY_BITS = 12_000
"""Bits per second where the file names none: speech in Opus."""
LOWEST_BITS = 4_000
LOW_RATE = ("amr_nb", "amr_wb", "speex", "g723_1", "g729", "qcelp", "evrc", "ilbc")
"""No codec goes below the first for long (AMR's lowest mode takes 4,750), none but these below what is likely; a header that
names less is not believed. MP4's bit rate, for one, is the size over the length that its time stamps make."""

SILENCE_SHARE = 3
SILENCE_MS = 60_000
"""Silence put into one recording: three times what its bytes make likely, for a speaker who is muted most of the time, and a
minute."""


def likely_ms(size: int, bits_per_second: int | None, codec: str) -> int:
    """How long a file of ``size`` bytes is by its bit rate."""
    return size * 8000 // max(bits_per_second or LIKELY_BITS, LOWEST_BITS if codec in LOW_RATE else LIKELY_BITS)


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


def plural(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


@dataclass(frozen=True)
class Leap:
    """Time stamps that run ahead by ``length_ms`` where the recording is ``at_ms`` long, and were not followed."""

    at_ms: int
    length_ms: int


class Timeline:
    """Compares a frame's time stamp with the number of samples before it.

    Args:
        rate: samples per second that are counted.
        stated_ms: the length that the file states.
        budget: the greatest sum of all silence, in samples; see ``most_silence_ms``.
        start_sec: where the file's line begins, as other tracks show; None: where this track does.
    """

    def __init__(self, rate: int, stated_ms: int | None, budget: int, start_sec: Fraction | None = None) -> None:
        self.lead = 0
        """Samples of silence before the first sound."""
        self.leaps: list[Leap] = []
        self._rate = rate
        self._stated = None if stated_ms is None else stated_ms * rate // 1000
        self._budget = budget
        self._start = None if start_sec is None else int(start_sec * rate)
        self._origin: int | None = None
        self._end = 0

    @property
    def end_ms(self) -> int:
        """The time stamp, in the file's own count, at which the last frame ends."""
        return self._end * 1000 // self._rate

    def gap_before(self, frame: Any, done: int) -> int:
        """Samples that are missing before ``frame``, of ``done`` samples so far."""
        if frame.pts is None or frame.time_base is None:
            return 0
        base = frame.time_base
        position: int = frame.pts * base.numerator * self._rate // base.denominator
        self._end = position + frame.samples * self._rate // frame.sample_rate
        if self._origin is None:
            return self._first(position, done)
        gap = position - self._origin - done
        tolerance = GAP_MS * self._rate // 1000
        if -tolerance <= gap <= tolerance:
            return 0
        longest = LONGEST_GAP_MS * self._rate // 1000 if self._stated is None else self._stated - done
        if 0 < gap <= min(max(longest, tolerance), self._budget):
            self._budget -= gap
            return gap
        self._set_anew(position, done, gap)
        return 0

    def _first(self, position: int, done: int) -> int:
        late = 0 if self._start is None or done else max(0, position - self._start)
        if late > self._budget:
            self._set_anew(position, done, late)
            return 0
        self._origin = position - late - done
        self._budget -= late
        self.lead = late
        return late

    def _set_anew(self, position: int, done: int, leap: int) -> None:
        self._origin = position - done
        if leap > 0:
            self.leaps.append(Leap(done * 1000 // self._rate, leap * 1000 // self._rate))
