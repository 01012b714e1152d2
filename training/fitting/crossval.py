"""Cross-validation over whole speakers or folds: every recording is evaluated by a network that was
not trained on its group."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from earshot.models.calibration import calibrate, pooled

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class WindowSet:
    """Windows of many recordings and their augmented copies."""

    inputs: Floats  # (windows, ...), float16 to save memory
    owner: Ints  # position of each window's recording
    # False for windows of augmented copies: used for training, not for evaluation
    clean: NDArray[np.bool_]


Trainer = Callable[[NDArray[np.bool_], NDArray[np.bool_]], Floats]
"""Trains on the windows of the first mask and returns the logits of those of the second."""


def out_of_fold(windows: WindowSet, fold: Ints, train: Trainer) -> Floats:
    """Logits of every clean window, in order, from the run without its recording's fold."""
    owner_fold = fold[windows.owner]
    answers: Floats | None = None
    for k in sorted(set(fold.tolist())):
        held = (owner_fold == k) & windows.clean
        logits = train(owner_fold != k, held)
        answers = (
            np.zeros((int(windows.clean.sum()), logits.shape[1]), np.float32)
            if answers is None
            else answers
        )
        answers[held[windows.clean]] = logits
        print(
            f"fold {k}: {int((owner_fold != k).sum())} windows trained, {int(held.sum())} judged",
            flush=True,
        )
    if answers is None:
        raise ValueError("there are no folds to validate on; is the data folder empty?")
    return answers


def calibrated_shares(
    truth: Ints, logits: Floats, owner: Ints, fold: Ints, fitted: NDArray[np.bool_] | None = None
) -> tuple[Floats, float]:
    """Pooled shares of every recording under the temperature fitted on the other folds, and the
    temperature over all.

    Args:
        fitted: the recordings for fitting temperatures; all of them by default.
    """
    usable = np.ones(len(truth), bool) if fitted is None else fitted
    shares = np.zeros((len(truth), logits.shape[1]), np.float32)
    for k in sorted(set(fold.tolist())):
        temperature = _temperature(truth, logits, owner, usable & (fold != k))
        shares[fold == k] = pooled(logits, owner, len(truth), temperature)[fold == k]
    return shares, _temperature(truth, logits, owner, usable)


def _temperature(truth: Ints, logits: Floats, owner: Ints, chosen: NDArray[np.bool_]) -> float:
    """Runs ``calibrate`` on some of the recordings."""
    rows, inside = np.flatnonzero(chosen), chosen[owner]
    return calibrate(truth[rows], logits[inside], np.searchsorted(rows, owner[inside]))
