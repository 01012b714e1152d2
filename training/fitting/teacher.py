"""YAMNet as a teacher: its scores of windows, and their scene."""

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from earshot.audio.features.spectra import Array
from earshot.compute import onnx_runtime

CLASSES = 521


@cache
def _session(folder: Path) -> Any:
    return onnx_runtime.session(folder / "yamnet" / "yamnet.onnx")


def yamnet(folder: Path, patches: Array) -> Array:
    """Independent scores of the 521 classes for patches of shape (patches, 96, 64); ``folder``
    contains ``yamnet/``."""
    session = _session(folder)
    parts = [
        session.run(["scores"], {"log_mel": patches[i : i + 64]})[0]
        for i in range(0, len(patches), 64)
    ]
    return np.concatenate(parts)


def yamnet_outputs(folder: Path, patches: Array) -> tuple[Array, Array]:
    """Scores as from ``yamnet``, and the 1024 features below them."""
    session = _session(folder)
    feed = (patches[i : i + 64] for i in range(0, len(patches), 64))
    parts = [session.run(["scores", "embedding"], {"log_mel": part}) for part in feed]
    return np.concatenate([scores for scores, _ in parts]), np.concatenate(
        [features for _, features in parts]
    )


def shares(raised: NDArray[np.float32]) -> Array:
    """Normalises to 1 along the last axis."""
    total: Array = raised / np.maximum(raised.sum(axis=-1, keepdims=True), 1e-6)
    return total
