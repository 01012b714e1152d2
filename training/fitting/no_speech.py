"""How sure a checkpoint is of the feelings of rain and chainsaws: of recordings without a voice
that nothing was trained on."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from earshot.audio.features.spectra import Array
from training.data.datasets import examples, waveform
from training.fitting.crossval import Floats

SET, VOICES = "noise/esc10", ("baby_cry", "person_sneeze")
SURE = 0.7


def section(data: Path, labels: int, answers: dict[str, Callable[[Array], Floats]]) -> str:
    """For a model card.

    Args:
        answers: name of each model to what it answers to a waveform: shares of shape (labels,).
    """
    sounds = [waveform(row.path) for row in examples(data, SET) if row.label not in VOICES]
    lines = [
        "| model | recordings | mean confidence | answered with more than 0.7 |",
        "|---|---|---|---|",
    ]
    for name, answer in answers.items():
        sure = np.array([answer(sound).max() for sound in sounds])
        lines.append(f"| {name} | {len(sounds)} | {sure.mean():.2f} | {int((sure > SURE).sum())} |")
    table = "\n".join(lines)
    return f"""## Sounds that are no speech

A voice activity detector keeps most of them away. What passes it should be answered with doubt:
confidence near 1 / {labels}.
On the recordings of {SET} without a voice, of which nothing was trained on:

{table}"""
