"""The sentiment checkpoint: acoustic features of utterances in, shares of labels by role out."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from earshot.analysis.types import Release
from earshot.audio.features.utterance import FEATURES
from earshot.models.metadata import SentimentMetadata
from earshot.models.onnx_model import OnnxModel, check_features, open_model
from earshot.models.options import Options
from earshot.models.scoring import softmax

Array = NDArray[np.float32]


@dataclass(frozen=True)
class SentimentModel:
    """Both role models in one checkpoint: output ``customer`` is an SVM, ``agent`` a random forest,
    scalers inside."""

    onnx: OnnxModel
    temperature: dict[str, float]  # by role
    answered_from: dict[str, float]  # least share of an answer, by role

    def shares(self, features: Array) -> dict[str, Array]:
        """Role to shares of shape (utterances, labels)."""
        return {
            role: softmax(logits, self.temperature[role])
            for role, logits in self.onnx.run(features).items()
        }


def open_sentiment(release: Release, device: str, options: Options) -> SentimentModel:
    """Opens the checkpoint; always on the CPU.

    Raises:
        Misconfigured: as ``open_model``, or the checkpoint was trained on other features than this
            version computes.
    """
    onnx = open_model(release, options)
    found = onnx.metadata(SentimentMetadata)
    check_features(release, found.features, FEATURES)
    least = {role: found.answered_from.get(role, 0.0) for role in found.temperature}
    return SentimentModel(onnx, found.temperature, least)
