"""Deprecated: use ``earshot.noise``."""

from earshot.noise import (
    NOISE_CATEGORIES_V2,
    NUM_CLASSES_V2,
    NoiseClassifierService,
    NoiseClassifierTrainer,
    NoiseDataset,
)

__all__ = [
    "NOISE_CATEGORIES_V2",
    "NUM_CLASSES_V2",
    "NoiseClassifierService",
    "NoiseClassifierTrainer",
    "NoiseDataset",
]
