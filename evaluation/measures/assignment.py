"""The linear assignment problem, by the Hungarian method with shortest augmenting paths (Kuhn 1955,
Jonker and Volgenant 1987); ``scipy.optimize`` is no dependency of the base install."""

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
FREE = -1
FAR = np.iinfo(np.int64).max // 4


def best_total(gains: Ints) -> int:
    """Largest sum of entries, no two of them in one row or one column; in O(n^3) for n rows and
    columns."""
    table = gains if gains.shape[0] <= gains.shape[1] else gains.T
    columns = _columns_of_rows(-table.astype(np.int64))
    return int(table[np.arange(len(table)), columns].sum())


def _columns_of_rows(costs: Ints) -> Ints:
    """The column of each row for the smallest sum of costs; there are no more rows than columns."""
    rows, columns = costs.shape
    row_of = np.full(columns + 1, FREE)  # the last column is where each search begins
    of_row, of_column = np.zeros(rows, np.int64), np.zeros(columns + 1, np.int64)  # potentials
    for row in range(rows):
        row_of[columns] = row
        _augment(costs, row_of, of_row, of_column)
    found = np.empty(rows, np.int64)
    taken = np.flatnonzero(row_of[:columns] != FREE)
    found[row_of[taken]] = taken
    return found


def _augment(costs: Ints, row_of: Ints, of_row: Ints, of_column: Ints) -> None:
    """Gives the row that waits in the last column a column of its own, along the shortest path of
    reduced costs; visits every column once at the most."""
    begin = column = len(row_of) - 1
    distance, before = np.full(begin, FAR), np.full(begin, begin)
    visited = np.zeros(begin + 1, bool)
    while row_of[column] != FREE:
        visited[column] = True
        row = row_of[column]
        reduced = costs[row] - of_row[row] - of_column[:begin]
        nearer = ~visited[:begin] & (reduced < distance)
        distance[nearer], before[nearer] = reduced[nearer], column
        column = int(np.where(visited[:begin], FAR, distance).argmin())
        step = distance[column]
        of_row[row_of[visited]] += step
        of_column[visited] -= step
        distance[~visited[:begin]] -= step
    while column != begin:
        row_of[column] = row_of[before[column]]
        column = before[column]
