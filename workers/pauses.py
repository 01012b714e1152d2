"""Borders of what redaction erases: the pauses around it."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from earshot.analysis.findings import Redacted
from earshot.analysis.pii.redaction import apart
from earshot.audio.clip import Clip
from earshot.compute.sound import Samples

FRAME_MS, PAUSE_MS, REACH_MS, INSIDE_MS = 20, 200, 1200, 160
"""Frames whose level is measured, shortest pause, sound that is erased at most up to one, and sound
inside of a border in which a pause may begin that the border is already at."""
NEXT_MS = 300
"""Sound that is erased at most up to a pause where there is one inside of the border already."""
WEAK_MS = 60
"""Sound at the begin of a pause that is erased: a last consonant is as quiet as the pause."""
QUIET = 0.05
"""Share of the level of loud sound below which a frame is a pause, unless the floor is louder."""


def to_pauses(clip: Clip, stretches: Sequence[Redacted]) -> tuple[Redacted, ...]:
    """The stretches up to the pauses around them: a recogniser writes a number as one word, and the
    words beside it get times of its sound."""
    return apart([_to_pause(clip, each) for each in stretches])


def _to_pause(clip: Clip, stretch: Redacted) -> Redacted:
    start = max(0, stretch.start_ms - REACH_MS)
    end = min(clip.ref.end_ms, stretch.end_ms + REACH_MS)
    samples: Samples = clip.read(start, end, stretch.channel)[0]
    rate = clip.ref.sample_rate
    size = rate * FRAME_MS // 1000
    frames = samples[: len(samples) // size * size].reshape(-1, size)
    levels = np.sqrt(np.square(frames, dtype=np.float64).mean(axis=1))
    if not levels.size:
        return stretch
    quiet = max(QUIET * np.quantile(levels, 0.9), 2 * np.quantile(levels, 0.05))
    first, last = ((ms - start) // FRAME_MS for ms in (stretch.start_ms, stretch.end_ms))
    back = until_pause(levels[:first][::-1], levels[first:], quiet)
    on = until_pause(levels[last:], levels[:last][::-1], quiet)
    return stretch.model_copy(
        update={
            "start_ms": min(start + FRAME_MS * (first - back), stretch.start_ms),
            "end_ms": max(start + FRAME_MS * (last + on), stretch.end_ms),
        }
    )


def until_pause(outside: NDArray[np.float64], inside: NDArray[np.float64], quiet: float) -> int:
    """Number of frames from a border into the first pause outside; all, if there is none, and none
    if a pause is inside of the border, and the one outside is far. Zeros are what
    an earlier attempt has erased, up to its end.

    Args:
        outside: levels from the border on, away from the stretch; ``inside`` into it.
    """
    erased = int((outside > 0).argmax()) if outside.any() else len(outside)
    length = PAUSE_MS // FRAME_MS
    near = inside[: INSIDE_MS // FRAME_MS + length]
    if erased:
        return erased
    if next(_pauses(near, length, quiet), None) is not None:
        outside = outside[: NEXT_MS // FRAME_MS + length]
        if next(_pauses(outside, length, quiet), None) is None:
            return 0
    pause = next(_pauses(outside, length, quiet), None)
    return len(outside) if pause is None else pause + WEAK_MS // FRAME_MS


def _pauses(levels: NDArray[np.float64], length: int, quiet: float) -> Iterator[int]:
    return (at for at in range(len(levels) - length + 1) if levels[at : at + length].max() < quiet)
