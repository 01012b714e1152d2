"""Notices that the wall clock was set: times of before and after are then not to be compared."""

import time

LEAP_SEC = 2.0
"""By how much it must have moved against the monotonic clock; time servers move it by less."""


class WallClock:
    """Remembers how the two clocks stand to each other."""

    def __init__(self) -> None:
        self._offset = _offset()

    def was_set(self) -> bool:
        """Whether it was set since this was asked last."""
        before, self._offset = self._offset, _offset()
        return abs(self._offset - before) > LEAP_SEC


def _offset() -> float:
    return time.time() - time.monotonic()
