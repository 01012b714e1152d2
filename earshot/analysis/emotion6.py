"""The six emotions that events tell (000-07), out of the canonical eight (C-03)."""

from collections.abc import Iterable, Mapping

LABELS = ("neutral", "happy", "angry", "sad", "frustrated", "surprised")
KIND_OF = {"calm": "neutral", "anxious": "sad"}
"""What the two that are not among them are told as."""
PLACES = 4


def six(scores: Mapping[str, float]) -> dict[str, float]:
    """Shares of all six out of shares of canonical labels; a label that has none has 0."""
    found = dict.fromkeys(LABELS, 0.0)
    for label, share in scores.items():
        found[KIND_OF.get(label, label)] += share
    return {label: round(share, PLACES) for label, share in found.items()}


def covered(labels: Iterable[str]) -> dict[str, bool]:
    """Which of the six a release can tell at all that gives these canonical labels."""
    told = {KIND_OF.get(label, label) for label in labels}
    return {label: label in told for label in LABELS}
