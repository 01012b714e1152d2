"""Deprecated: use ``earshot.noise``."""

from earshot.noise import AudioFeatureConfig, InferenceConfig, ModelConfig, TrainingConfig

__all__ = [
    "AudioFeatureConfig",
    "InferenceConfig",
    "ModelConfig",
    "TrainingConfig",
]
