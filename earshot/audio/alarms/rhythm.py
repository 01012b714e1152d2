"""The rhythms of alarms as defined by the standards."""

from dataclasses import dataclass
from typing import Literal

from earshot.audio.alarms.tones import HOP_SEC


@dataclass(frozen=True)
class Rhythm:
    """A group of equal pulses and a pause; seconds."""

    name: Literal["T3", "T4"]
    pulses: int
    on: float
    gap: float
    pause: float
    context: float  # quiet part required of the pause on either side
    margin: float  # added to the threshold: longer groups score higher
    echoes: bool  # the gaps are short enough to be filled by a room's echo
    coarse: int  # frames combined by the quick search

    def period(self) -> float:
        """Time from one group to the next."""
        return self.group() + self.pause

    def group(self) -> float:
        """Time from the first pulse's start to the last one's end."""
        return self.pulses * self.on + (self.pulses - 1) * self.gap

    def edges(self, stretch: float, longer: float = 1.0, frames: int = 1) -> list[tuple[int, int]]:
        """First and last frame of each pulse, counted from the first one's start, in units of
        ``frames`` frames.

        Args:
            longer: factor of the pulse length, at the cost of the gaps.
        """
        frame = frames * HOP_SEC
        starts = [pulse * (self.on + self.gap) * stretch for pulse in range(self.pulses)]
        return [
            (round(at / frame), round((at + self.on * stretch * longer) / frame)) for at in starts
        ]

    @property
    def before(self) -> int:
        """Frames of context before a group."""
        return round(self.context / HOP_SEC)

    @property
    def spacing(self) -> int:
        """Distance in frames within which two positions count as the same."""
        return round(self.on / HOP_SEC / 2)


T3 = Rhythm(
    "T3", pulses=3, on=0.5, gap=0.5, pause=1.5, context=1.0, margin=0.1, echoes=False, coarse=2
)
"""Evacuation signal, smoke (ISO 8201; NFPA 72 18.4.2)."""
T4 = Rhythm(
    "T4", pulses=4, on=0.1, gap=0.1, pause=5.0, context=1.0, margin=0.0, echoes=True, coarse=1
)
"""Carbon monoxide (NFPA 72 29.5 of 2019; UL 2034)."""
