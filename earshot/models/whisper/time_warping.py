"""The cheapest way through a matrix of costs, row by row and frame by frame (dynamic time warping).

The rule and, where no two ways cost the same, the answers are those of transformers'
``_dynamic_time_warping``. That loops over
all cells in Python: a second and more for a full job of speech, longer than the network takes on a
GPU. Here a row is filled at
once: a cell costs its own cost more than the cell before it or than the cheaper of the two above
it, so with the running sum of the row taken off, what remains is a running minimum.
"""

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]


def warp(costs: Matrix) -> NDArray[np.int64]:
    """Where each row begins on the cheapest way from the first cell to the last.

    Args:
        costs: shape (rows, frames), at least one of each.
    Returns:
        Frame by row, shape (rows,), never falling.
    """
    total = _totals(costs)
    diagonal, above, before = total[:-1, :-1], total[:-1, 1:], total[1:, :-1]
    entered = np.minimum(diagonal, above) < before  # from the row above
    entries = np.maximum.accumulate(np.where(entered, np.arange(costs.shape[1]), 0), axis=1)
    starts = np.zeros(len(costs), np.int64)
    frame = costs.shape[1] - 1
    for row in range(len(costs) - 1, -1, -1):
        starts[row] = frame = entries[row, frame]
        frame -= bool(frame and diagonal[row, frame] < above[row, frame])
    return starts


def _totals(costs: Matrix) -> Matrix:
    """Cost of the cheapest way to each cell, shape (rows + 1, frames + 1), with infinity around
    nought before the first."""
    rows, frames = costs.shape
    total = np.full((rows + 1, frames + 1), np.inf)
    total[0, 0] = 0
    sums = np.cumsum(costs, axis=1)
    ahead = sums - costs
    for row in range(rows):
        above = np.minimum(total[row, :-1], total[row, 1:])
        np.add(sums[row], np.minimum.accumulate(above - ahead[row]), out=total[row + 1, 1:])
    return total
