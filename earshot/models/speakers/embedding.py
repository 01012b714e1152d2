"""The speaker checkpoint: log-mel windows of speech in, one unit vector a window out."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from earshot.analysis.types import Release
from earshot.audio.features.spectra import MelSpec
from earshot.compute import onnx_runtime
from earshot.models.checkpoints.location import beside, locate
from earshot.models.metadata import PackagedSpeakerMetadata, SpeakerMetadata, Weight
from earshot.models.onnx_model import OnnxModel, open_model
from earshot.models.options import Options

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
    return _described(onnx, onnx.metadata(SpeakerMetadata))


GRAPH, PLACES = "voices.onnx", "voices.json"
"""The GE2E voice encoder (Wan et al. 2018) without its weights; and the places of these in the
package's file, with the rest of its metadata: a session cannot be opened, and its properties not be
read, before it has all weights."""


def open_packaged_speaker(release: Release, options: Options) -> SpeakerModel:
    """Open the GE2E voice encoder: the project's graph with the weights of an installed package,
    read as numbers from their places in its verified file. Nothing is unpickled.

    Raises:
        Misconfigured: the package is absent, or of another version.
    """
    folder = locate(release, options)
    return open_graph(beside(GRAPH), beside(PLACES), folder)


def open_graph(graph: Path, places: Path, folder: Path) -> SpeakerModel:
    """Open a graph with weights in a verified file of ``folder``."""
    found = PackagedSpeakerMetadata.model_validate_json(places.read_bytes())
    weights = {
        key: _numbers(folder / found.member, weight) for key, weight in found.weights.items()
    }
    session = onnx_runtime.session(graph, weights=weights)
    return _described(OnnxModel(session, graph.stem, (), {}), found)


def _described(onnx: OnnxModel, found: SpeakerMetadata) -> SpeakerModel:
    return SpeakerModel(onnx, found.mel, found.level, found.threshold)


def _numbers(path: Path, weight: Weight) -> Array:
    size = int(np.prod(weight.shape)) // len(weight.offsets)
    parts = [np.fromfile(path, "<f4", size, offset=offset) for offset in weight.offsets]
    if weight.gates:
        quarters = [part.reshape(len(weight.gates), -1) for part in parts]
        parts = [quarter[list(weight.gates)] for quarter in quarters]
    return np.concatenate([part.ravel() for part in parts]).astype(np.float32).reshape(weight.shape)
