"""What is asked of an answer about short speech, fitted on natural speech: there, nearly every
answer but neutral is wrong, and the shorter the speech, the more of them there are."""

from dataclasses import replace

import numpy as np

from training.recipes.emotion_on_whisper.data import NEUTRAL
from training.recipes.emotion_on_whisper.head import Calibration, Floats, Judged

CALLED = 0.05
"""Of natural speech of any length, the part that may be called emotional as far as ``short`` has
it."""
SHORT = np.arange(0.0, 1.001, 0.02)
SHORT_MS = (300, 400, 500, 600, 700, 800)
"""Natural speech alone would have 2,000, with which 0.60 of whole acted utterances of unseen
corpora get an answer; with 800 it is 0.74."""


def asking(calibration: Calibration, natural: Judged) -> Calibration:
    """The calibration with the least share by length: ``short`` and ``short_ms`` of the quantile
    regression of the shares of emotional answers on length (Koenker and Bassett 1978, Regression
    quantiles), each source with the root of its size as its weight.

    Args:
        natural: answers of heads that did not learn of their source.
    """
    shares = calibration.shares(natural.logits, natural.terms)
    top = np.where(shares.argmax(axis=1) == NEUTRAL, 0, shares.max(axis=1))
    sources, size = np.unique(natural.source, return_counts=True)
    weight = (1 / np.sqrt(size))[np.searchsorted(sources, natural.source)]

    def loss(candidate: Calibration) -> float:
        above = top - candidate.least(natural.seconds)
        return float((weight * np.maximum((1 - CALLED) * above, -CALLED * above)).sum())

    return min(
        (
            replace(calibration, short=round(float(short), 2), short_ms=short_ms)
            for short_ms in SHORT_MS
            for short in SHORT
        ),
        key=loss,
    )


def emotional(shares: Floats, least: Floats) -> Floats:
    """Rows that are called emotional, that with a confidence of 0.5, and that are unclear: shape
    (rows, 3)."""
    top, answer = shares.max(axis=1), shares.argmax(axis=1)
    called = (answer != NEUTRAL) & (top >= least)
    return np.stack([called, called & (top >= 0.5), top < least], axis=1).astype(np.float32)
