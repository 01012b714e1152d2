"""Adjusts shares to how much of the speech of a source is neutral (``EARSHOT_EMOTION_NEUTRAL``).

Saerens et al. 2002, Adjusting the outputs of a classifier to new a priori probabilities.
"""

from dataclasses import dataclass
from math import log

import numpy as np

from earshot.analysis.emotion.findings import Judging
from earshot.analysis.emotion.six import is_neutral
from earshot.models.emotion import labels as emotion_labels
from earshot.models.emotion.model import EmotionModel, Shares


@dataclass(frozen=True)
class Prior:
    """The factor of each label's share, before they are made to sum to 1 again."""

    labels: tuple[str, ...]
    factors: Shares

    def of(self, shares: Shares) -> Shares:
        """Shares under this prior, shape (labels,)."""
        raised = shares * self.factors
        adjusted: Shares = (raised / raised.sum()).astype(np.float32)
        return adjusted

    def of_voices(self, judging: Judging | None) -> Judging | None:
        """Ordinary speech under this prior, so that the voices of a source that is mostly neutral
        do not count as unusual for that."""
        if judging is None:
            return None
        by_label = dict(zip(self.labels, self.factors.tolist(), strict=True))
        ordinary = {label: mean + log(by_label[label]) for label, mean in judging.ordinary.items()}
        return judging.model_copy(update={"ordinary": ordinary})


def prior_of(model: EmotionModel, neutral: float | None) -> Prior:
    """The prior of a source.

    Args:
        neutral: expected share of neutral speech; None leaves the shares of the model.
    """
    labels = model.labels
    plain = np.array([is_neutral(emotion_labels.canonical()[label]) for label in labels])
    factors = np.ones(len(labels), np.float32)
    if neutral is not None and plain.any() and not plain.all():
        own = model.neutral_share or float(plain.mean())
        factors[plain] = neutral / (1 - neutral) * (1 - own) / own
    return Prior(labels, factors)
