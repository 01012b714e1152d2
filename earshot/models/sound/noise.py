"""Noise checkpoints: the network that answers window by window, and the temperature of pooled
answers."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from earshot.analysis.types import Release
from earshot.models.metadata import Evidence, Metadata
from earshot.models.onnx_model import open_model
from earshot.models.options import Options
from earshot.models.sound.noise_on_yamnet import OnYamnet, open_on_yamnet
from earshot.models.sound.windowed import WindowedModel, windowed_of

Array = NDArray[np.float32]

FULL_BAND = 32_000
"""Hz. A recording made below this rate holds nothing of the upper band that some classes live in
(C-08)."""

UNTRAINED = "untrained"


class NoiseCheckpoint(NamedTuple):
    """An open noise checkpoint."""

    windows: WindowedModel | OnYamnet
    version: str | None
    """What its metadata calls it; ``UNTRAINED`` where it was exported before it was trained."""
    pooled_temperature: float
    """Of the mean over windows."""
    evidence: Evidence | None = None


def open_noise(release: Release, device: str, options: Options) -> NoiseCheckpoint:
    """Opens a network over windows, or a head over the features of YAMNet; always on the CPU.

    Raises:
        Misconfigured: as ``open_windowed`` and ``open_on_yamnet``.
    """
    onnx = open_model(release, options)
    found = onnx.metadata(Metadata)
    windows = windowed_of(onnx) if found.base is None else open_on_yamnet(release, onnx, options)
    return NoiseCheckpoint(windows, found.model_version, found.pooled_temperature, found.evidence)


def tempered(shares: Array, temperature: float) -> Array:
    """Shares along the last axis with their logarithms divided by a temperature, normalised
    again."""
    raised = np.asarray(shares, np.float32) ** np.float32(1 / temperature)
    found: Array = raised / raised.sum(axis=-1, keepdims=True)
    return found
