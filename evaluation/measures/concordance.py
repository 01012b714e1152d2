"""Agreement of two series of numbers, such as valence ratings of people and of a model."""

from collections.abc import Sequence

import numpy as np


def concordance(truth: Sequence[float], found: Sequence[float]) -> float | None:
    """Lin's concordance correlation coefficient (1989), with the moments of the sample: 1 for the
    same numbers, lower for another scale or offset too. None if undefined: fewer than two pairs, or
    both sides constant and equal."""
    if len(truth) < 2:
        return None
    x, y = np.asarray(truth, np.float64), np.asarray(found, np.float64)
    spread = x.var() + y.var() + (x.mean() - y.mean()) ** 2
    return float(2 * ((x - x.mean()) * (y - y.mean())).mean() / spread) if spread else None
