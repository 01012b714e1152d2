"""The speaker checkpoint: log-mel windows of speech in, one unit vector a window out."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from earshot.analysis.types import Release
from earshot.audio.features.spectra import MelSpec
from earshot.models.metadata import PackagedSpeakerMetadata, SpeakerMetadata
from earshot.models.onnx_model import OnnxModel, open_model
from earshot.models.options import Options
from earshot.models.outside_weights import open_packaged

Array = NDArray[np.float32]


@dataclass(frozen=True)
class SpeakerModel:
    """The network with the input it was trained for and the threshold that goes with its
    embeddings."""

    onnx: OnnxModel
    mel: MelSpec
    level: float  # effective value that every window is brought to
    threshold: float  # mean cosine below which two groups of windows are two voices

    def embed(self, log_mel: Array) -> Array:
        """Shape (windows, frames, bands) to unit vectors of shape (windows, size)."""
        (embeddings,) = self.onnx.run(log_mel).values()
        return embeddings


def open_speaker(release: Release, options: Options) -> SpeakerModel:
    """Open a speaker checkpoint.

    Raises:
        Misconfigured: as ``open_model``, or the metadata is not that of a speaker checkpoint.
    """
    onnx = open_model(release, options)
    return described(onnx, onnx.metadata(SpeakerMetadata))


GRAPH = "voices"
"""The GE2E voice encoder (Wan et al. 2018)."""


def open_packaged_speaker(release: Release, options: Options) -> SpeakerModel:
    """Open the GE2E voice encoder.

    Raises:
        Misconfigured: as ``open_packaged``.
    """
    return described(*open_packaged(release, GRAPH, PackagedSpeakerMetadata, options))


def described(onnx: OnnxModel, found: SpeakerMetadata) -> SpeakerModel:
    """The model of an open checkpoint."""
    return SpeakerModel(onnx, found.mel, found.level, found.threshold)
