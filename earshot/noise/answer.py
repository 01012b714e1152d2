"""The classifier's answer for one sound: the canonical shape of [004] (004-14), and that of its
Flask service (C-02)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from earshot.analysis.noise_labels import NOISE_CATEGORIES
from earshot.models.scoring import classify
from earshot.models.sound.noise import FULL_BAND, UNTRAINED

FAMILIES = (
    "traffic",
    "aircraft",
    "office",
    "construction",
    "cafe",
    "factory",
    "wind",
    "rain",
    "crowd",
    "music",
)
"""Prefixes shared by several categories; ``train_station`` is a place and not a train, so trains
keep their names."""


@dataclass(frozen=True)
class Answer:
    """Shares of the labels of one sound, and their origin."""

    probabilities: dict[str, float]
    version: str
    sample_rate: int

    def canonical(self, top_k: int) -> dict[str, Any]:
        """Returns ``predicted_class``, ``confidence``, ``probabilities`` and ``top_k``, and the
        flags that qualify them."""
        ranked = sorted(self.probabilities.items(), key=lambda pair: -pair[1])
        return {
            "predicted_class": ranked[0][0],
            "confidence": ranked[0][1],
            "probabilities": dict(self.probabilities),
            "top_k": ranked[:top_k],
            "model_version": self.version,
            "trained": self.version != UNTRAINED,
            "bandwidth_limited": self.sample_rate < FULL_BAND,
        }

    def grouped(self) -> dict[str, Any]:
        """Returns ``noise_type``, its ``confidence`` and ``all_predictions``: categories of one
        family count together."""
        totals: dict[str, float] = {}
        for label, share in self.probabilities.items():
            totals[family(label)] = totals.get(family(label), 0.0) + share
        kind = max(totals, key=lambda name: totals[name])
        shares = {name: round(share, 4) for name, share in totals.items()}
        return {"noise_type": kind, "confidence": shares[kind], "all_predictions": shares}


def answered(
    labels: Sequence[str], shares: NDArray[np.float32], version: str, sample_rate: int
) -> Answer:
    """Shares of the whole sound, shape (labels,), rounded so that they sum to one."""
    return Answer(classify(tuple(labels), shares).scores, version, sample_rate)


def family(label: str) -> str:
    """The coarse group of a category; a label outside [004] maps to itself."""
    first = label.partition("_")[0]
    return first if first in FAMILIES and label in NOISE_CATEGORIES else label
