"""Borders of what redaction erases."""

import numpy as np
import pytest

from workers.pauses import FRAME_MS, WEAK_MS, until_pause

LOUD, FLOOR = 0.2, 0.001


def levels(*parts: tuple[float, int]) -> np.ndarray:
    """Levels of frames: each for a number of ms."""
    return np.concatenate([np.full(ms // FRAME_MS, level) for level, ms in parts])


@pytest.mark.parametrize(
    ("parts", "expected_ms"),
    [
        ([(FLOOR, 400)], WEAK_MS),  # it ends in a pause
        ([(LOUD, 300), (FLOOR, 200), (LOUD, 300)], 300 + WEAK_MS),
        ([(LOUD, 300), (FLOOR, 140), (LOUD, 200), (FLOOR, 200)], 640 + WEAK_MS),  # a stop in a word
        ([(LOUD, 1200)], 1200),
        ([(0.0, 260), (FLOOR, 200), (LOUD, 300)], 260),  # erased by an attempt that was interrupted
        ([(0.0, 400)], 400),
    ],
)
def test_a_stretch_reaches_to_the_pause(parts: list[tuple[float, int]], expected_ms: int) -> None:
    assert until_pause(levels(*parts), levels((LOUD, 600)), 0.01) * FRAME_MS == expected_ms


def test_a_stretch_that_begins_at_a_pause_stays_unless_the_next_one_is_near() -> None:
    """The recogniser ended the word before it a few ms early."""
    at_pause = levels((LOUD, 40), (FLOOR, 240), (LOUD, 600))
    far, near = levels((LOUD, 400), (FLOOR, 300)), levels((LOUD, 200), (FLOOR, 300))
    assert until_pause(far, at_pause, 0.01) == 0
    assert until_pause(near, at_pause, 0.01) * FRAME_MS == 200 + WEAK_MS
    inside = levels((LOUD, 400), (FLOOR, 240))
    assert until_pause(far, inside, 0.01) * FRAME_MS == 400 + WEAK_MS
