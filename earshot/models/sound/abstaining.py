"""The noise answer for shares that a checkpoint gave: one of its labels where the measured evidence
supports it, else none."""

import numpy as np
from numpy.typing import NDArray

from earshot.analysis.findings import UNCLEAR, Classification
from earshot.analysis.noise_findings import NO_NOISE
from earshot.analysis.shares import rounded_shares
from earshot.models.metadata import Band, Evidence

Array = NDArray[np.float32]

SILENCE = "silence"
FEWEST = 5
"""Labelled recordings; fewer say nothing about a label, which counts as unmeasured."""
RECALL, PRECISION = 0.3, 0.7
"""A label with less, on the recordings of that band, is not answered there."""


def answer(
    labels: tuple[str, ...],
    shares: Array,
    evidence: Evidence | None,
    *,
    narrow: bool,
    spoken: bool,
) -> Classification:
    """The winning label, or ``unclear``, with the scores of all labels and of ``NO_NOISE``.

    Args:
        shares: of the labels, shape (labels,).
        narrow: the sound has nothing above the band of a telephone.
        spoken: there is speech, so that there is no silence.
    """
    scores = dict(zip(labels, shares.tolist(), strict=True))
    if SILENCE in scores:
        scores[NO_NOISE] = scores[SILENCE] if spoken else 0.0
        scores[SILENCE] -= scores[NO_NOISE]
    scores = rounded_shares(scores)
    label = max(scores, key=lambda name: scores[name])
    band = evidence and (evidence.narrow if narrow else evidence.wide)
    measured = SILENCE if label == NO_NOISE else label
    if band and (
        scores[label] < lowest(measured, band) or not answered(measured, band, narrow=narrow)
    ):
        return Classification(
            label=UNCLEAR, confidence=scores[label], scores=scores, abstained=True
        )
    return Classification(label=label, confidence=scores[label], scores=scores)


def lowest(label: str, band: Band) -> float:
    """The confidence below which the label is no answer in this band."""
    return band.own.get(label, band.confidence)


def answered(label: str, band: Band, *, narrow: bool) -> bool:
    """True if the label is an answer in this band. An unmeasured one is, in the full band only, and
    unless it was answered wrongly often."""
    tally = band.labels.get(label)
    if tally is None:
        return not narrow
    if tally.recordings < FEWEST:
        return not narrow and (tally.answers < FEWEST or (tally.precision or 0) >= PRECISION)
    return (tally.recall or 0) >= RECALL and (tally.precision or 0) >= PRECISION


def unmeasured(labels: tuple[str, ...], evidence: Evidence | None) -> tuple[str, ...]:
    """The labels without labelled recordings in the full band; none for a checkpoint without
    evidence, which does not say."""
    if evidence is None:
        return ()
    known = evidence.wide.labels
    return tuple(
        label for label in labels if label not in known or known[label].recordings < FEWEST
    )
