"""The rhythms of alarms, as the standards give them."""

from dataclasses import dataclass
from typing import Literal

from earshot.audio.alarms.tones import HOP_SEC


@dataclass(frozen=True)
class Rhythm:
    """A group of equal pulses, and a pause; seconds."""

    name: Literal["T3", "T4"]
    pulses: int
    on: float
    gap: float
    pause: float
    context: float  # of the pause on either side, how much must be quiet
    margin: (
        float  # how much better than asked for it must fit: the longer a group, the better it does
    )
    echoes: bool  # gaps are so short that a room fills them
    coarse: int  # frames that the quick search takes together

    def period(self) -> float:
        """From one group to the next."""
        return self.group() + self.pause

    def group(self) -> float:
        """From the first pulse's start to the last one's end."""
        return self.pulses * self.on + (self.pulses - 1) * self.gap

    def edges(self, stretch: float, longer: float = 1.0, frames: int = 1) -> list[tuple[int, int]]:
        """First and last frame of each pulse, counted from the first one's start; in so many frames
        taken together.

        Args:
            longer: pulses by this factor, at the cost of the gaps.
        """
        frame = frames * HOP_SEC
        starts = [pulse * (self.on + self.gap) * stretch for pulse in range(self.pulses)]
        return [
            (round(at / frame), round((at + self.on * stretch * longer) / frame)) for at in starts
        ]

    @property
    def before(self) -> int:
        """Frames of context."""
        return round(self.context / HOP_SEC)

    @property
    def spacing(self) -> int:
        """Frames around a place where another one is the same."""
        return round(self.on / HOP_SEC / 2)


T3 = Rhythm(
    "T3", pulses=3, on=0.5, gap=0.5, pause=1.5, context=1.0, margin=0.1, echoes=False, coarse=2
)
"""Evacuation signal, smoke (ISO 8201; NFPA 72 18.4.2)."""
T4 = Rhythm(
    "T4", pulses=4, on=0.1, gap=0.1, pause=5.0, context=1.0, margin=0.0, echoes=True, coarse=1
)
"""Carbon monoxide (NFPA 72 29.5 of 2019; UL 2034)."""
