"""The four sets of acted and broadcast emotional speech, their licences, and their words mapped to a model's labels."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from audio.features import Array
from training.datasets import RATE, Example, labelled

SETS = (
    ("emotion/ravdess", "CC BY-NC-SA 4.0"),
    ("emotion/emodb", "freely available, no licence stated"),
    ("emotion/nemo", "CC BY-NC-SA 4.0"),
    ("emotion/urdu", "research only"),
)


def utterances(data: Path, analysis: str, labels: Sequence[str]) -> list[Example]:
    """The recordings that mean one of ``labels`` to the analysis, by ``evaluation/labels``."""
    return labelled(data, analysis, labels, *(name for name, _ in SETS))


def trimmed(waveform: Array, floor: float = 0.03) -> Array:
    """Without the silence at both ends, which a worker's VAD removes too: what is below ``floor`` of the loudest 20 ms."""
    hop = RATE // 50
    blocks = waveform[: len(waveform) // hop * hop].reshape(-1, hop)
    level = np.sqrt((blocks**2).mean(axis=1))
    heard = np.flatnonzero(level > floor * level.max(initial=0))
    return waveform[max(heard[0] - 5, 0) * hop : (heard[-1] + 6) * hop] if len(heard) else waveform
