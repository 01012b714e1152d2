"""The four sets of acted and broadcast emotional speech, their licences, and their words mapped to a model's labels."""

import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np

from audio.features import Array
from training.datasets import RATE, Example, examples

SETS = (
    ("emotion/ravdess", "CC BY-NC-SA 4.0"),
    ("emotion/emodb", "freely available, no licence stated"),
    ("emotion/nemo", "CC BY-NC-SA 4.0"),
    ("emotion/urdu", "research only"),
)
MAPPING = Path(__file__).with_name("emotion_labels.toml")


def utterances(data: Path, section: str) -> list[Example]:
    """The recordings whose emotion the ``section`` of emotion_labels.toml maps, with the mapped label."""
    mapping = tomllib.loads(MAPPING.read_text())[section]
    rows = examples(data, *(name for name, _ in SETS))
    return [replace(row, label=mapping[row.label]) for row in rows if row.label in mapping]


def trimmed(waveform: Array, floor: float = 0.03) -> Array:
    """Without the silence at both ends, which a worker's VAD removes too: what is below ``floor`` of the loudest 20 ms."""
    hop = RATE // 50
    blocks = waveform[: len(waveform) // hop * hop].reshape(-1, hop)
    level = np.sqrt((blocks**2).mean(axis=1))
    heard = np.flatnonzero(level > floor * level.max(initial=0))
    return waveform[max(heard[0] - 5, 0) * hop : (heard[-1] + 6) * hop] if len(heard) else waveform
