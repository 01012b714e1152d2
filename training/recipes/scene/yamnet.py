"""Fits the temperature of YAMNet's scenes, on every fourth training recording of the embedded
checkpoint.

python -m training.recipes.scene.yamnet --data ../shared/data --checkpoint
../shared/models/yamnet/yamnet.onnx
"""

import argparse
from pathlib import Path

import numpy as np

from earshot.analysis.findings import SCENES
from earshot.models.sound.audioset import classes
from evaluation import manifest
from training.data.datasets import indices
from training.fitting.crossval import TEMPERATURES
from training.fitting.judge import Fold, judge
from training.recipes.scene import sounds

EVERY = 4


def temperature(data: Path, checkpoint: Path) -> float:
    """The temperature with the lowest log loss on the worker's shares, relative to the current
    one."""
    learned = {row.path for row in sounds.recordings(data)}
    rows = [row for row in manifest.read(data / "labels.jsonl") if data / row.path in learned][
        ::EVERY
    ]
    cases = judge("scene", [Fold(checkpoint, rows)], SCENES, data, runtime="yamnet")
    truth = indices(SCENES, [case.truth for case in cases])
    given = np.array([[case.answer.scores[label] for label in SCENES] for case in cases])
    raw = np.maximum(given, 1e-4) ** classes().temperature

    def loss(value: float) -> float:
        shares = raw ** (1 / value)
        return float(-np.log(shares[np.arange(len(truth)), truth] / shares.sum(axis=1)).mean())

    return round(float(min(TEMPERATURES, key=loss)), 2)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--checkpoint", type=Path, required=True)
    arguments = parser.parse_args()
    print(f"temperature = {temperature(arguments.data, arguments.checkpoint)}")
