"""Temperature scaling of recordings' pooled shares (Guo et al. 2017, On Calibration of Modern
Neural Networks)."""

import numpy as np
from numpy.typing import NDArray

from earshot.models.scoring import softmax

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

TEMPERATURES = np.geomspace(0.25, 8, 61)


def pooled(logits: Floats, owner: Ints, recordings: int, temperature: float) -> Floats:
    """Mean share over the windows of each recording, as the workers pool them; shape (recordings,
    labels)."""
    shares = softmax(logits, temperature)
    total = np.zeros((recordings, logits.shape[1]), np.float64)
    np.add.at(total, owner, shares)
    return (total / np.bincount(owner, minlength=recordings)[:, None]).astype(np.float32)


def calibrate(truth: Ints, logits: Floats, owner: Ints) -> float:
    """The temperature at which recordings' pooled shares have the least log loss."""

    def loss(temperature: float) -> float:
        shares = pooled(logits, owner, len(truth), temperature)
        return float(-np.log(shares[np.arange(len(truth)), truth] + 1e-9).mean())

    return round(float(min(TEMPERATURES, key=loss)), 4)
