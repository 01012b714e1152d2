"""Deprecated: use ``earshot.noise``."""

from earshot.noise import AudioFeatureConfig

__all__ = [
    "AudioFeatureConfig",
]
