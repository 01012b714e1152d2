"""The speaker checkpoint: short stretches of speech in, one unit vector a stretch out."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.errors import Misconfigured
from analysis.types import Release
from audio.features import MelSpec, log_mel
from models.onnx_session import OnnxModel, open_model

Array = NDArray[np.float32]


@dataclass(frozen=True)
class SpeakerModel:
    """The network with the input it was trained for and the threshold that goes with its embeddings."""

    onnx: OnnxModel
    spec: MelSpec
    level: float  # effective value that every stretch is brought to
    threshold: float  # mean cosine below which two groups of stretches are two voices

    def embed(self, stretches: Array) -> Array:
        """Unit vectors of shape (rows, size) for mono waveforms of shape (rows, samples) at ``spec.sample_rate``."""
        rows = np.stack([log_mel(self._levelled(row), self.spec.sample_rate, self.spec) for row in stretches])
        (embeddings,) = self.onnx.run(rows).values()
        return embeddings

    def _levelled(self, samples: Array) -> Array:
        rms = float(np.sqrt(np.mean(samples**2)))
        return samples * np.float32(self.level / rms) if rms > 0 else samples


def open_speaker(release: Release) -> SpeakerModel:
    """Open a release whose metadata holds ``mel``, ``level`` and ``threshold``.

    Raises:
        Misconfigured: as ``open_model``, or the metadata is not that of a speaker checkpoint.
    """
    onnx = open_model(release)
    try:
        spec = MelSpec(**onnx.metadata["mel"])
        level, threshold = float(onnx.metadata["level"]), float(onnx.metadata["threshold"])
    except (KeyError, TypeError) as error:
        raise Misconfigured(
            "checkpoint", f"{release.name}: its metadata lacks {error}; make it again with training.speaker"
        ) from error
    return SpeakerModel(onnx=onnx, spec=spec, level=level, threshold=threshold)
