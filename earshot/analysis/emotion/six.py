"""The six emotions in events (000-07), mapped from the canonical eight (C-03)."""

from collections.abc import Iterable, Mapping

LABELS = ("neutral", "happy", "angry", "sad", "frustrated", "surprised")
KIND_OF = {"calm": "neutral", "anxious": "sad"}
"""Mapping of the two labels that are not among the six."""
PLACES = 4


def six(scores: Mapping[str, float]) -> dict[str, float]:
    """Shares of all six out of shares of canonical labels; a label that has none has 0."""
    found = dict.fromkeys(LABELS, 0.0)
    for label, share in scores.items():
        found[KIND_OF.get(label, label)] += share
    return {label: round(share, PLACES) for label, share in found.items()}


def covered(labels: Iterable[str]) -> dict[str, bool]:
    """For each of the six, true if a release with these canonical labels covers it."""
    canonical = {KIND_OF.get(label, label) for label in labels}
    return {label: label in canonical for label in LABELS}


def is_neutral(label: str) -> bool:
    """True for the canonical labels of ordinary speech."""
    return KIND_OF.get(label, label) == "neutral"
