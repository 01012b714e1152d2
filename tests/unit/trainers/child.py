"""The process that is killed."""

from pathlib import Path

from training.trainers.options import Options
from training.trainers.run import train as run
from training.trainers.watch import Watch

OPTIONS = Options(epochs=4, batch_size=8, patience=4, augment=True, save_every=0)
"""Every batch is saved, so that moments are close together."""


def train(data: Path, out: Path) -> None:
    """Trains the emotion network."""
    run("emotion", data, out, OPTIONS, Watch())
