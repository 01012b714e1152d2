"""The speaker checkpoint: log-mel windows of speech in, one unit vector a window out."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from earshot.analysis.errors import Misconfigured
from earshot.analysis.types import Release
from earshot.models.onnx_model import OnnxModel, open_model

Array = NDArray[np.float32]


@dataclass(frozen=True)
class SpeakerModel:
    """The network with the input it was trained for and the threshold that goes with its
    embeddings."""

    onnx: OnnxModel
    mel: dict[str, Any]  # fields of ``earshot.audio.features.spectra.MelSpec``
    level: float  # effective value that every window is brought to
    threshold: float  # mean cosine below which two groups of windows are two voices

    def embed(self, log_mel: Array) -> Array:
        """Shape (windows, frames, bands) to unit vectors of shape (windows, size)."""
        (embeddings,) = self.onnx.run(log_mel).values()
        return embeddings


def open_speaker(release: Release) -> SpeakerModel:
    """Open a release whose metadata holds ``mel``, ``level`` and ``threshold``.

    Raises:
        Misconfigured: as ``open_model``, or the metadata is not that of a speaker checkpoint.
    """
    onnx = open_model(release)
    try:
        level, threshold = float(onnx.metadata["level"]), float(onnx.metadata["threshold"])
        return SpeakerModel(
            onnx=onnx, mel=dict(onnx.metadata["mel"]), level=level, threshold=threshold
        )
    except (KeyError, TypeError) as error:
        raise Misconfigured(
            "checkpoint",
            f"{release.name}: its metadata lacks {error}; make it with"
            " training.recipes.speaker.train",
        ) from error
