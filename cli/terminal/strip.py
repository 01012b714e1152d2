"""Times and shares as text, and a row of blocks for the position of intervals in a recording."""

from collections.abc import Sequence

from earshot.analysis.types import Interval

WIDTH = 32
"""Characters of a strip: leaves space for labels and times on a terminal of 80 columns."""


def clock(ms: int) -> str:
    """``m:ss``, or ``h:mm:ss`` from an hour on; rounded down."""
    minutes, seconds = divmod(ms // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def share(value: float) -> str:
    return f"{value * 100:.0f}%"


def strip(intervals: Sequence[Interval], length_ms: int, width: int = WIDTH) -> str:
    """``width`` characters for ``length_ms``: a block where at least half of the slot is covered, a
    thin one where less is."""
    slot = max(length_ms, 1) / width
    return "".join(
        _block(_covered(intervals, index * slot, (index + 1) * slot) / slot)
        for index in range(width)
    )


def _block(covered: float) -> str:
    return "█" if covered >= 0.5 else "▏" if covered > 0 else "·"


def _covered(intervals: Sequence[Interval], start: float, end: float) -> float:
    return sum(max(0.0, min(each.end_ms, end) - max(each.start_ms, start)) for each in intervals)
