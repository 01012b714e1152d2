"""What every trainer is, and the trainers by name. Neither needs torch."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

from earshot.compute.optional_packages import needed_by
from training.trainers.base import Start
from training.trainers.data.recordings import Recording
from training.trainers.data.split import Split
from training.trainers.identity import Identity
from training.trainers.options import Options
from training.trainers.trained import Model
from training.trainers.watch import Watch

STATE = "state.pt"

TRAINERS: Mapping[str, str] = {
    "emotion": "emotion:EmotionTrainer",
    "noise": "noise:NoiseTrainer",
    "scene": "heads:SceneTrainer",
    "sentiment": "sentiment:SentimentTrainer",
    "voices": "voices:VoicesTrainer",
}
"""By model: ``module:class`` below ``training.trainers.models``, imported on use."""


@dataclass(frozen=True)
class Job:
    """What a trainer is given."""

    split: Split
    labels: tuple[str, ...]
    """Of the recordings, in the order of the model's outputs."""
    options: Options
    identity: Identity
    """What a saved state must belong to."""
    out: Path
    watch: Watch
    start: Start | None = None

    @property
    def state(self) -> Path:
        """The saved state of an unfinished training."""
        return self.out / STATE

    @property
    def cache(self) -> Path:
        """Folder of computed features."""
        return self.options.cache or self.out / "features"


@dataclass(frozen=True)
class Product:
    """What a trainer has written."""

    checkpoint: str
    """File in the output folder."""
    labels: tuple[str, ...]
    metrics: Mapping[str, float]
    """On the validation part."""
    seconds: float
    start: Start | None = None
    """What it started from, where that was not asked for."""


class Trainer(Protocol):
    """Trains one kind of model."""

    model: Model
    analysis: str
    runtime: str
    by_speaker: bool
    """Whether the label of a recording is its speaker."""

    def known(self, options: Options) -> tuple[str, ...]:
        """The labels that recordings may have; empty: any."""

    def generated(self, options: Options) -> frozenset[str]:
        """Labels that the trainer makes sound of."""
        ...

    def features(self, options: Options) -> dict[str, Any]:
        """The settings of its features."""
        ...

    def train(self, job: Job) -> Product:
        """Trains and writes the checkpoint into the job's folder, resuming what is there.

        Raises:
            Stopped: the watch asked for it; the state is saved.
            Misconfigured: files cannot be used, or what is there belongs to another training.
            Unavailable: ``disk_full``.
        """
        ...

    def holdout(self, recordings: Sequence[Recording], out: Path) -> str:
        """The manifest of the holdout, which ``earshot evaluate`` reads.

        Args:
            out: folder for what it refers to besides the recordings.
        """
        ...


class Labelled:
    """The holdout of models that answer with labels."""

    analysis: str
    by_speaker = False

    def generated(self, options: Options) -> frozenset[str]:
        """None."""
        return frozenset()

    def holdout(self, recordings: Sequence[Recording], out: Path) -> str:
        """Rows in the order of the contents. Under the analysis' name a label is read as it
        stands."""
        rows = sorted(recordings, key=lambda each: (each.digest, each.name))
        return "".join(
            json.dumps(
                {
                    "path": each.path.resolve().as_posix(),
                    self.analysis: each.label,
                    "speaker": each.group,
                    "sha256": each.digest,
                },
                ensure_ascii=False,
            )
            + "\n"
            for each in rows
        )


def trainer(model: str) -> Trainer:
    """The trainer of a model.

    Raises:
        Misconfigured: torch, or another package of the extra ``train``, is not installed.
    """
    module, _, name = TRAINERS[model].partition(":")
    with needed_by(f"training {model}", "train"):
        found: Trainer = getattr(import_module(f"training.trainers.models.{module}"), name)()
        return found
