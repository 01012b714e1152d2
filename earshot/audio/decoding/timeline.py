"""Places decoded audio on the file's own time line: late starts, gaps, and jumps of the time
stamps.

Silence replaces missing audio only as far as the bytes make such a length likely. A larger jump is
a changed clock, and the audio after it follows directly.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from earshot.analysis.printable import plural

GAP_MS = 200
"""Maximum lead of time stamps over the samples; beyond, audio is missing (a lost connection, a
damaged stretch) and silence replaces it, so that everything after it keeps its time."""
LONGEST_GAP_MS = 60_000
"""In a file without a stated duration, a larger jump counts as a changed clock."""

LIKELY_BITS = 12_000
"""Bits per second where the file states none: speech in Opus."""
LOWEST_BITS = 4_000
LOW_RATE = ("amr_nb", "amr_wb", "speex", "g723_1", "g729", "qcelp", "evrc", "ilbc")
"""No codec stays below the first for long (AMR's lowest mode takes 4,750), and only these stay
below the likely rate; a header with less is ignored. MP4's bit rate, for one, is the size over the
length by its time stamps."""

SILENCE_SHARE = 3
SILENCE_MS = 60_000
"""Maximum silence inserted into a recording: three times its likely audio, for a speaker who is
muted most of the time, and a minute."""


def likely_ms(size: int, bits_per_second: int | None, codec: str) -> int:
    """Length of a file of ``size`` bytes by its bit rate."""
    return (
        size
        * 8000
        // max(bits_per_second or LIKELY_BITS, LOWEST_BITS if codec in LOW_RATE else LIKELY_BITS)
    )


def most_silence_ms(likely: int) -> int:
    """Maximum silence for a file with this likely length."""
    return SILENCE_SHARE * likely + SILENCE_MS


def clock(samples: int, rate: int) -> str:
    """Hours, minutes and seconds."""
    seconds = samples // rate
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def form(rate: int, channels: int) -> str:
    """Rate and channels as text."""
    return f"{rate} Hz, {plural(channels, 'channel')}"


@dataclass(frozen=True)
class Leap:
    """A jump of the time stamps by ``length_ms`` at ``at_ms`` of the recording that was not
    followed."""

    at_ms: int
    length_ms: int


class Pace:
    """Estimates the length of a file's audio from the ratio of audio to bytes so far: with pictures
    in between, bit rates do not help.

    Args:
        size: bytes of the file.
        by_rate_ms: its length by its bit rate; None where it holds pictures.
    """

    def __init__(self, size: int, by_rate_ms: int | None) -> None:
        self._size, self._by_rate = size, by_rate_ms
        self._first: tuple[int, int] | None = None
        self._now = (0, 0)

    def reached(self, read: int, sound_ms: int) -> None:
        """Records the audio obtained from the bytes read. Bytes before the first audio, such as an
        index or a cover, do not count."""
        self._first = self._first or (read, sound_ms)
        self._now = (read, sound_ms)

    def likely_ms(self, read: int) -> int:
        """The current estimate after this many bytes; early on, at most the length without
        pictures."""
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
        start_sec: begin of the file's line by its other tracks; None: begin of this track.
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
        """Samples missing before ``frame``, after ``done`` samples, in a file with this likely
        length."""
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
