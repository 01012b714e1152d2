"""Labelled sound files for the trainer: file lists with category indices, or a folder (C-39)."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from earshot.analysis.errors import Misconfigured
from earshot.noise.config import NOISE_CATEGORIES_V2, AudioFeatureConfig
from earshot.noise.sound import resampled
from earshot.noise.sound import waveform as read
from earshot.noise.torch_extractor import TorchAudioFeatureExtractor, imported

Array = NDArray[np.float32]

SUFFIXES = (".wav", ".flac", ".ogg", ".opus", ".mp3", ".m4a")
TABLE = "labels.csv"


class NoiseDataset:
    """Files with their labels, as indices into ``categories``. An item is ``(features, label)``:
    one window of a file, or with ``features="statistics"`` the 200 values that
    ``CustomNoiseClassifier`` takes. Compatible with a torch ``DataLoader``."""

    def __init__(
        self,
        files: Sequence[str | Path],
        labels: Sequence[int],
        augment: bool = False,
        config: AudioFeatureConfig | None = None,
        *,
        categories: Sequence[str] = NOISE_CATEGORIES_V2,
        features: Literal["mel", "statistics"] = "mel",
        seed: int = 0,
    ) -> None:
        if len(files) != len(labels):
            raise Misconfigured(
                "dataset", f"{len(files)} files but {len(labels)} labels; give one label a file"
            )
        wrong = [label for label in labels if not 0 <= label < len(categories)]
        if wrong:
            raise Misconfigured(
                "dataset", f"label {wrong[0]} is no index into the {len(categories)} categories"
            )
        self.files = [Path(file) for file in files]
        self.labels = list(labels)
        self.config = config or AudioFeatureConfig()
        self.augment = augment and self.config.enable_augmentation
        self.categories = tuple(categories)
        self.features = features
        self.extractor = TorchAudioFeatureExtractor(self.config)
        self._random = np.random.default_rng(seed)
        self._resampled: dict[int, Array] = {}

    @classmethod
    def from_folder(
        cls, folder: str | Path, augment: bool = False, **options: Any
    ) -> "NoiseDataset":
        """Reads a folder with ``labels.csv`` (columns path and label), or with a folder for each
        category.

        Raises:
            Misconfigured: neither exists, or a label is not a category; the message names it.
        """
        categories = tuple(options.get("categories", NOISE_CATEGORIES_V2))
        named = _listed(Path(folder))
        unknown = sorted({label for _, label in named} - set(categories))
        if unknown:
            raise Misconfigured(
                "dataset",
                f"{folder}: {', '.join(unknown)} is no category; docs/noise.md lists them",
            )
        return cls(
            [path for path, _ in named],
            [categories.index(label) for _, label in named],
            augment,
            **options,
        )

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int) -> tuple[Any, int]:
        samples = self.waveform(index)
        if self.augment:
            samples = self._altered(samples)
        if self.features == "statistics":
            return self.extractor.extract_statistics(samples), self.labels[index]
        windows = self.extractor.extract_windows(samples)
        which = int(self._random.integers(len(windows))) if self.augment else len(windows) // 2
        window = windows[which]
        return (self._masked(window) if self.augment else window), self.labels[index]

    def waveform(self, index: int) -> Array:
        """Mono audio of one file at the configured rate, cached because every epoch reads it."""
        if index not in self._resampled:
            samples, rate = read(self.files[index])
            self._resampled[index] = resampled(samples, rate, self.config.sample_rate)
        return self._resampled[index]

    def _altered(self, samples: Array) -> Array:
        """Changes the level, and in half of the cases also the speed or adds weak noise."""
        from earshot.audio.features import augment

        level = augment.rms(samples)
        if self._random.random() < 0.5:
            samples = augment.speed(samples, self._random.uniform(0.9, 1.1))
        if self._random.random() < 0.5 and level > 0:
            hiss = augment.coloured(self._random, len(samples), 1.0, 0.1)
            samples = augment.mix(samples, hiss, self._random.uniform(12, 30))
        return augment.limited((samples * 10 ** self._random.uniform(-0.8, 0.3)).astype(np.float32))

    def _masked(self, window: Any) -> Any:
        """Sets one strip of bands and one of frames to the window's mean (SpecAugment, Park et al.
        2019)."""
        torch = imported()
        window = window.clone()
        for axis, widest in ((0, 16), (1, 20)):
            width = int(self._random.integers(widest + 1))
            first = int(self._random.integers(window.shape[axis] - width + 1))
            window.index_fill_(axis, torch.arange(first, first + width), float(window.mean()))
        return window


def _listed(folder: Path) -> list[tuple[Path, str]]:
    """Paths with their labels, in a fixed order."""
    table = folder / TABLE
    if table.is_file():
        with table.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        if not rows or not {"path", "label"} <= set(rows[0]):
            raise Misconfigured(
                "dataset", f"{table} needs a first line `path,label` and a line for each file"
            )
        return [(folder / row["path"], row["label"]) for row in rows]
    found = [
        (path, path.parent.name)
        for path in sorted(folder.glob("*/*"))
        if path.suffix.lower() in SUFFIXES
    ]
    if not found:
        raise Misconfigured(
            "dataset", f"{folder} has neither {TABLE} nor a folder of sound files for each category"
        )
    return found
