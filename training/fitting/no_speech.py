"""Confidence of emotion and sentiment checkpoints on recordings without speech, none of them used
for training; should be near uniform."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from earshot.audio.features.spectra import Array
from training.data.datasets import examples, waveform
from training.fitting.crossval import Floats

SET, VOICES = "noise/esc10", ("baby_cry", "person_sneeze")
CONFIDENT = 0.7


def section(data: Path, labels: int, answers: dict[str, Callable[[Array], Floats]]) -> str:
    """A section for a model card.

    Args:
        answers: by name of each model, a function from a waveform to shares of shape (labels,).
    """
    sounds = [waveform(row.path) for row in examples(data, SET) if row.label not in VOICES]
    lines = [
        "| model | recordings | mean confidence | answered with more than 0.7 |",
        "|---|---|---|---|",
    ]
    for name, answer in answers.items():
        confidence = np.array([answer(sound).max() for sound in sounds])
        high = int((confidence > CONFIDENT).sum())
        lines.append(f"| {name} | {len(sounds)} | {confidence.mean():.2f} | {high} |")
    table = "\n".join(lines)
    return f"""## Sounds that are no speech

A voice activity detector keeps most of them away. What passes it should be answered with doubt:
confidence near 1 / {labels}.
On the recordings of {SET} without a voice, of which nothing was trained on:

{table}"""
