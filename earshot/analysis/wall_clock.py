"""Detects changes of the wall clock, after which earlier and later times are not comparable."""

import time

LEAP_SEC = 2.0
"""Minimum movement against the monotonic clock; time servers adjust by less."""


class WallClock:
    """Records the difference of the two clocks."""

    def __init__(self) -> None:
        self._offset = _offset()

    def was_set(self) -> bool:
        """True if the clock was set since the last call."""
        before, self._offset = self._offset, _offset()
        return abs(self._offset - before) > LEAP_SEC


def _offset() -> float:
    return time.time() - time.monotonic()
