"""Adapter for backends of [004] that send base64 audio (004-31, 004-32)."""

import base64
import binascii
from functools import cached_property
from pathlib import Path
from typing import Any

from earshot.models.checkpoints.defaults import default_release
from earshot.models.checkpoints.location import locate
from earshot.noise.service import NoiseClassifierService
from earshot.noise.sound import of_bytes
from earshot.settings import settings


class MLService:
    """Classifies noise with the model that ``ML_MODEL_V2_PATH`` names, else with the embedded
    release."""

    def __init__(self, model_path: str | Path | None = None, longest_ms: int | None = None) -> None:
        """
        Args:
            longest_ms: no sound may be longer; None: any length, which is decoded into memory.
        """
        self.model_path = model_path or settings().ml_model_v2_path
        self.longest_ms = longest_ms

    @cached_property
    def classifier(self) -> NoiseClassifierService:
        """The classifier, opened at the first call.

        Raises:
            FileNotFoundError: there is no such model.
        """
        return NoiseClassifierService(
            model_path=self.model_path or locate(default_release("noise"), settings())
        )

    def classify_noise(self, audio_data: str | bytes, sample_rate: int = 48_000) -> dict[str, Any]:
        """Returns both shapes of [004] in one answer (C-02).

        Args:
            audio_data: base64 of an audio file in any format, or of raw little-endian float32 at
                ``sample_rate``.
        Returns:
            ``predicted_class``, ``probabilities``, ``top_k``, ``model_version`` and the other keys
                of ``NoiseClassifierService.classify``; ``noise_type`` with its ``confidence`` and
                ``all_predictions``, where categories of one family (office_*, traffic_*, ...) count
                together.
        Raises:
            ValueError: not base64.
            BadAudio: not audio, or too long.
        """
        samples, rate = of_bytes(decoded(audio_data), sample_rate, self.longest_ms)
        answer = self.classifier.answer(samples, rate)
        canonical = answer.canonical(self.classifier.config.return_top_k)
        return {**canonical, **answer.grouped()}


def decoded(audio_data: str | bytes) -> bytes:
    """Decodes base64 text.

    Raises:
        ValueError: not base64, or empty.
    """
    try:
        data = base64.b64decode(audio_data, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError(
            f"audio_data is not base64 ({error}); encode the bytes of the audio file"
        ) from error
    if not data:
        raise ValueError("audio_data is empty; encode the bytes of the audio file")
    return data
