"""Noise checkpoints: the network that answers window by window, and the temperature of pooled
answers."""

import numpy as np
from numpy.typing import NDArray

from earshot.analysis.types import Release
from earshot.models.onnx_model import OnnxModel
from earshot.models.sound.noise_on_yamnet import OnYamnet, open_on_yamnet, stands_on
from earshot.models.sound.windowed import WindowedModel, windowed_of

Array = NDArray[np.float32]

FULL_BAND = 32_000
"""Hz. A recording made below this rate holds nothing of the upper band that some classes live in
(C-08)."""

UNTRAINED = "untrained"


def hearing(release: Release, onnx: OnnxModel) -> WindowedModel | OnYamnet:
    """What hears the windows of an open checkpoint."""
    base = stands_on(onnx)
    return windowed_of(release, onnx) if base is None else open_on_yamnet(release, onnx, base)


def tempered(shares: Array, temperature: float) -> Array:
    """Shares along the last axis with their logarithms divided by a temperature, normalised
    again."""
    raised = np.asarray(shares, np.float32) ** np.float32(1 / temperature)
    found: Array = raised / raised.sum(axis=-1, keepdims=True)
    return found
