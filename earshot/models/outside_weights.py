"""Graphs of the project with weights of an installed package, read as numbers from their places in
its verified file. Nothing is unpickled, and nothing of the package is imported.

The file of the graph's name that ends with ``.json`` has the places and the rest of the metadata: a
session cannot be opened, and its properties not be read, before it has all weights.
"""

from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from earshot.analysis.types import Release
from earshot.compute import onnx_runtime
from earshot.models.checkpoints.location import beside, locate
from earshot.models.metadata import OutsideWeights, Weight
from earshot.models.onnx_model import OnnxModel
from earshot.models.options import Options

Array = NDArray[np.float32]
M = TypeVar("M", bound=OutsideWeights)


def open_packaged(
    release: Release, name: str, kind: type[M], options: Options
) -> tuple[OnnxModel, M]:
    """The graph ``name`` below ``models/embedded`` with the weights of the release's package.

    Raises:
        Misconfigured: the package is absent, or of another version.
    """
    folder = locate(release, options)
    return open_graph(beside(f"{name}.onnx"), beside(f"{name}.json"), kind, folder)


def open_graph(graph: Path, places: Path, kind: type[M], folder: Path) -> tuple[OnnxModel, M]:
    """A graph with weights in a verified file of ``folder``, and its metadata."""
    found = kind.model_validate_json(places.read_bytes())
    weights = {key: numbers(folder / found.member, each) for key, each in found.weights.items()}
    session = onnx_runtime.session(graph, weights=weights)
    return OnnxModel(session, graph.stem, found.labels, {}), found


def numbers(path: Path, weight: Weight) -> Array:
    """The numbers of an initializer, of its shape."""
    size = int(np.prod(weight.shape)) // len(weight.offsets)
    parts = [np.fromfile(path, weight.numbers, size, offset=offset) for offset in weight.offsets]
    if weight.gates:
        quarters = [part.reshape(len(weight.gates), -1) for part in parts]
        parts = [quarter[list(weight.gates)] for quarter in quarters]
    return np.concatenate([part.ravel() for part in parts]).astype(np.float32).reshape(weight.shape)
