"""Maps the labels of an emotion checkpoint to the canonical ones, by ``emotion_labels.toml`` (C-03,
C-04)."""

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from earshot.analysis.errors import Misconfigured
from earshot.analysis.findings import Scores
from earshot.analysis.shares import rounded_shares

TABLE = Path(__file__).with_name("emotion_labels.toml")


@cache
def canonical() -> dict[str, str]:
    """Label of a checkpoint to the canonical one, in the order of the vocabulary."""
    table: dict[str, list[str]] = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    return {native: label for label, natives in table.items() for native in natives}


def coverage(labels: Sequence[str]) -> tuple[str, ...]:
    """The canonical labels of a checkpoint with these labels, in its own order."""
    return tuple(dict.fromkeys(canonical()[label] for label in labels))


def gathered(scores: Mapping[str, float]) -> Scores:
    """Shares of the canonical labels: the sum over the labels mapped to each."""
    found: dict[str, float] = {}
    for native, share in scores.items():
        label = canonical()[native]
        found[label] = found.get(label, 0.0) + share
    return rounded_shares(found)


def check(name: str, labels: Sequence[str]) -> None:
    """Checks that all labels are mapped.

    Raises:
        Misconfigured: a label of the release has no canonical one.
    """
    strange = [label for label in labels if label not in canonical()]
    if strange:
        raise Misconfigured(
            "labels",
            f"{name} has labels missing in {TABLE.name}: {', '.join(strange)}; add them there",
        )
