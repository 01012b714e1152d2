"""Targets of a student: the principal components of its teacher's features, the first ones weighted
most."""

from dataclasses import dataclass

import numpy as np

from training.fitting.crossval import Floats

COMPONENTS = 128
"""Of the teacher's 1024 features; they contain 97 % of the variance. The others are noise to a
small network."""


@dataclass(frozen=True)
class Goals:
    """An affine map from features to goals."""

    mean: Floats  # (1024,)
    axes: Floats  # (COMPONENTS, 1024), each divided by the weight of its component

    def of(self, features: Floats) -> Floats:
        """Goals for features of shape (windows, 1024), shape (windows, COMPONENTS)."""
        parts = [
            (features[i : i + 4096].astype(np.float32) - self.mean) @ self.axes.T
            for i in range(0, len(features), 4096)
        ]
        return np.concatenate(parts)


def goals(features: Floats) -> Goals:
    """The map for features of shape (windows, 1024)."""
    sample = features[:: max(len(features) // 8000, 1)].astype(np.float32)
    mean = sample.mean(axis=0)
    _, spread, axes = np.linalg.svd(sample - mean, full_matrices=False)
    deviation = spread[:COMPONENTS] / np.sqrt(len(sample))
    return Goals(
        mean,
        (axes[:COMPONENTS] / (0.25 * deviation[0] + 0.75 * deviation)[:, None]).astype(np.float32),
    )
