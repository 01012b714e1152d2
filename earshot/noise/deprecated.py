"""The names of version 1 of [004], kept with a warning (004-20)."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from earshot.noise.config import AudioFeatureConfig, InferenceConfig
from earshot.noise.service import NoiseClassifierService
from earshot.noise.torch_extractor import TorchAudioFeatureExtractor


class NoiseClassifierV2:
    """Use ``NoiseClassifierService``."""

    def __init__(self, model_path: str | Path | None = None, device: Any = "cpu") -> None:
        _warn("NoiseClassifierV2", "NoiseClassifierService")
        self._service = NoiseClassifierService(config=InferenceConfig(model_path, device))

    def classify(
        self, audio: NDArray[np.floating[Any]], sample_rate: int = 48_000, return_top_k: int = 5
    ) -> dict[str, Any]:
        """As ``NoiseClassifierService.classify``."""
        return self._service.classify(audio, sample_rate, return_top_k)


class AudioFeatureExtractor(TorchAudioFeatureExtractor):
    """Use ``TorchAudioFeatureExtractor``."""

    def __init__(self, config: AudioFeatureConfig | None = None) -> None:
        _warn("AudioFeatureExtractor", "TorchAudioFeatureExtractor")
        super().__init__(config)


def _warn(old: str, new: str) -> None:
    warnings.warn(f"{old} will go away; use earshot.noise.{new}", DeprecationWarning, stacklevel=3)
