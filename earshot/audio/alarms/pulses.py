"""Finds groups of pulses in the level of a tone by correlation with the rhythm of an alarm, first
coarsely, then finely."""

from functools import cache
from itertools import pairwise, product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from earshot.audio.alarms.rhythm import Rhythm

Array = NDArray[np.float32]

STRETCHES = (0.93, 1.0, 1.07)
"""Factors of the sounder's clock: the standards allow 10 % either way."""
STANDS_OUT_DB = 5.0
"""Minimum mean level of every pulse above the sound around its pitch."""
CONTRAST_DB = 0.5
"""Minimum difference between every gap and the faintest pulse; small because of room echo."""
NEAR = 2
"""Frames searched around a candidate of the quick search."""
SOFT_DB = 20.0
"""The quick search compresses levels above this, so that a pulse in a moment of silence does not
outweigh the others."""
RANGE_DB = 9.0
"""Levels this far below the pulses count alike, so that room echo does not outweigh the rhythm."""


class Match(NamedTuple):
    """Score of the rhythm for every frame at which its first pulse may begin; shapes (frames,)."""

    # correlation of level and rhythm, -1 to 1; 0 where a pulse is missing or a gap is filled
    score: Array
    track: NDArray[np.int64]


def match(level: Array, rhythm: Rhythm) -> Match:
    """Returns the best match over all tracks and stretches, by the quick search.

    Args:
        level: shape (tracks, frames). Frames before and after count as quiet.
    """
    step, frames = rhythm.coarse, level.shape[1]
    even = np.pad(level, ((0, 0), (0, -frames % step)))
    soft = even.reshape(len(level), -1, step).mean(axis=2)
    soft /= 1 + soft / SOFT_DB
    count, before = soft.shape[1], rhythm.before // step
    padded = np.pad(
        soft, ((0, 0), (before, before + rhythm.edges(max(STRETCHES), frames=step)[-1][1]))
    )
    best = Match(np.zeros(count, np.float32), np.zeros(count, np.int64))
    sums, each = _running(padded), [rhythm.edges(stretch, frames=step) for stretch in STRETCHES]
    faintest = [_faintest(sums, pulses, before, count) for pulses in each]
    # Few tracks rise for as long as a pulse: the others cannot score.
    (rows,) = np.nonzero(
        [max(one[row].max() for one in faintest) >= STANDS_OUT_DB for row in range(len(soft))]
    )
    sums, squares = sums[rows], _running(np.square(padded[rows]))
    for pulses, faint in zip(each, faintest, strict=True) if len(rows) else ():
        scores = _scores(sums, squares, pulses, faint[rows], before)
        place = scores.argmax(axis=0)
        score = scores[place, np.arange(count)]
        better = score > best.score
        best.score[better], best.track[better] = score[better], rows[place][better]
    return Match(np.repeat(best.score, step)[:frames], np.repeat(best.track, step)[:frames])


class Fit(NamedTuple):
    """The best group near a candidate."""

    score: float
    level: float  # dB, of the faintest pulse
    pulses: tuple[tuple[int, int], ...]
    """First and last frame of each pulse."""


def refine(level: Array, rhythm: Rhythm, at: int) -> Fit:
    """Returns the best group that begins near ``at``: correlation with every rhythm within the
    tolerances. Levels count from the faintest pulse down to ``RANGE_DB`` below it.

    Args:
        level: of one track, shape (frames,).
    """
    templates, edges = _templates(rhythm)
    shares = templates.mean(axis=1)
    first, last = max(at - NEAR, 0), min(at + NEAR + 1, len(level))
    length = templates.shape[1]
    padded = np.pad(level, (rhythm.before, length))
    windows = np.lib.stride_tricks.sliding_window_view(padded, length)[first:last]
    sums = np.cumsum(np.pad(windows, ((0, 0), (1, 0))), axis=1)
    begin, end = edges[..., 0], edges[..., 1]  # shape (templates, pulses)
    means = (sums[:, rhythm.before + end] - sums[:, rhythm.before + begin]) / (end - begin)
    top = means.min(axis=2)  # level of the faintest pulse, shape (starts, templates)
    levels = np.clip(windows[:, None], (top - RANGE_DB)[..., None], top[..., None])
    levels -= levels.mean(axis=2, keepdims=True)
    spread = np.sqrt(np.mean(levels * levels, axis=2) * shares * (1 - shares))
    scores = np.mean(levels * templates, axis=2) / np.maximum(spread, 1e-3)
    start, best = np.unravel_index(int(scores.argmax()), scores.shape)
    pulses = tuple((first + int(start + a), first + int(start + b)) for a, b in edges[best])
    return Fit(float(scores[start, best]), float(top[start, best]), pulses)


@cache
def _templates(rhythm: Rhythm) -> tuple[Array, NDArray[np.int64]]:
    """Templates with ones at the pulses, for every clock and pulse length within the tolerances,
    shape (templates, frames); and the edges of the pulses."""
    edges = [
        rhythm.edges(stretch, longer)
        for stretch, longer in product(np.arange(0.9, 1.11, 0.025), (0.9, 1.0, 1.1))
    ]
    out = np.zeros((len(edges), max(each[-1][1] for each in edges) + 2 * rhythm.before), np.float32)
    for row, pulses in zip(out, edges, strict=True):
        for a, b in pulses:
            row[rhythm.before + a : rhythm.before + b] = 1
    return out, np.array(edges)


def _faintest(sums: Array, pulses: list[tuple[int, int]], before: int, frames: int) -> Array:
    """Mean level of the faintest pulse, shape (tracks, frames)."""
    faintest = np.full((len(sums), frames), np.inf, np.float32)
    for a, b in pulses:
        np.minimum(
            faintest, _total(sums, before + a, before + b, frames) / np.float32(b - a), out=faintest
        )
    return faintest


def _total(of: Array, start: int, end: int, frames: int) -> Array:
    """Sums over ``[start, end)`` at every offset, shape (tracks, frames)."""
    return of[:, end : end + frames] - of[:, start : start + frames]


def _scores(
    sums: Array, squares: Array, pulses: list[tuple[int, int]], faintest: Array, before: int
) -> Array:
    """Pearson correlation with one rhythm, shape (tracks, frames)."""
    frames = faintest.shape[1]

    def total(of: Array, start: int, end: int) -> Array:
        return _total(of, before + start, before + end, frames)

    end = pulses[-1][1]
    count = end + 2 * before
    all_on = np.sum([total(sums, a, b) for a, b in pulses], axis=0)
    half = before // 2
    gaps = [(a[1], b[0]) for a, b in pairwise(pulses)]
    # In halves, since continuous beeps fill half of the pause between groups.
    quiet = [(-before, -half), (-half, 0), *gaps, (end, end + half), (end + half, end + before)]
    loudest = np.max([total(sums, a, b) / np.float32(b - a) for a, b in quiet], axis=0)
    whole = total(sums, -before, end + before)
    spread = total(squares, -before, end + before) / count - (whole / count) ** 2
    share = sum(b - a for a, b in pulses) / count
    # Covariance with a rhythm of ones and zeros, divided by both deviations.
    score = (
        (all_on - whole * share) / count / np.sqrt(np.maximum(spread, 1e-3) * (share * (1 - share)))
    )
    audible = (faintest >= STANDS_OUT_DB) & (faintest - loudest >= CONTRAST_DB)
    return np.where(audible, score, 0).astype(np.float32)


def _running(values: Array) -> Array:
    """Cumulative sums, shape (tracks, frames + 1)."""
    return np.cumsum(np.pad(values, ((0, 0), (1, 0))), axis=1, dtype=np.float32)
