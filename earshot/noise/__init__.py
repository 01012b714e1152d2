"""The noise classifier of [004] for programs: classify, train, export. See docs/noise.md."""

from typing import Any

from earshot.noise.config import (
    NOISE_CATEGORIES_V2,
    NUM_CLASSES_V2,
    AudioFeatureConfig,
    InferenceConfig,
    ModelConfig,
    TrainingConfig,
)
from earshot.noise.dataset import NoiseDataset
from earshot.noise.deprecated import AudioFeatureExtractor, NoiseClassifierV2
from earshot.noise.ml_service import MLService
from earshot.noise.service import NoiseClassifierService
from earshot.noise.torch_extractor import TorchAudioFeatureExtractor
from earshot.noise.trainer import NoiseClassifierTrainer

__all__ = [
    "NOISE_CATEGORIES_V2",
    "NUM_CLASSES_V2",
    "AudioFeatureConfig",
    "AudioFeatureExtractor",
    "CustomNoiseClassifier",
    "InferenceConfig",
    "MLService",
    "ModelConfig",
    "NoiseClassifierService",
    "NoiseClassifierTrainer",
    "NoiseClassifierV2",
    "NoiseDataset",
    "TorchAudioFeatureExtractor",
    "TrainingConfig",
]


def __getattr__(name: str) -> Any:
    """Imports ``CustomNoiseClassifier``, a torch module, at first use (004-04)."""
    if name == "CustomNoiseClassifier":
        from earshot.noise.torch_extractor import imported

        imported()  # explains what to install if it is missing
        from earshot.noise.nets import CustomNoiseClassifier

        return CustomNoiseClassifier
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
