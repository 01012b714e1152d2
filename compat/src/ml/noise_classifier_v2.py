"""Deprecated: use ``earshot.noise``; these names warn when they are called."""

from earshot.noise import AudioFeatureConfig, AudioFeatureExtractor, NoiseClassifierV2

__all__ = [
    "AudioFeatureConfig",
    "AudioFeatureExtractor",
    "NoiseClassifierV2",
]
