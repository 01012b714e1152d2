"""Graphs of the project with weights of an installed package, read as numbers from their places in
its verified file. Nothing is unpickled, and nothing of the package is imported.

The file of the graph's name that ends with ``.json`` has the places and the rest of the metadata: a
session cannot be opened, and its properties not be read, before it has all weights.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

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
    first, *further = [folder / name for name in (found.member, *found.more)]
    weights: dict[str, NDArray[Any]] = {}
    for key, each in found.weights.items():
        weights[key] = numbers(first, each, *further)
        if each.integers:
            weights[key], weights[f"{key}/scale"] = integers(weights[key])
    session = onnx_runtime.session(graph, weights=weights)
    return OnnxModel(session, graph.stem, found.labels, {}), found


def numbers(path: Path, weight: Weight, *further: Path) -> Array:
    """The numbers of an initializer, of its shape, in a file and those that continue it."""
    size = int(np.prod(weight.shape)) // len(weight.offsets)
    length = size * np.dtype(weight.numbers).itemsize
    read = [_read((path, *further), offset, length) for offset in weight.offsets]
    parts = [np.frombuffer(each, weight.numbers) for each in read]
    if weight.gates:
        quarters = [part.reshape(len(weight.gates), -1) for part in parts]
        parts = [quarter[list(weight.gates)] for quarter in quarters]
    return np.concatenate([part.ravel() for part in parts]).astype(np.float32).reshape(weight.shape)


def integers(matrix: Array) -> tuple[NDArray[np.int8], Array]:
    """A matrix of shape (outputs, inputs) as 8-bit integers of shape (inputs, outputs), and the
    factor of each output. A quarter of the memory, and half of the time."""
    scale = np.abs(matrix).max(axis=1) / np.iinfo(np.int8).max
    rounded = np.round(matrix / np.maximum(scale, np.finfo(np.float32).tiny)[:, None])
    return np.ascontiguousarray(rounded.astype(np.int8).T), scale


def _read(paths: Sequence[Path], offset: int, length: int) -> bytes:
    """Bytes of files that continue one another."""
    content = b""
    for path in paths:
        size = path.stat().st_size
        if offset < size and len(content) < length:
            with path.open("rb") as file:
                file.seek(offset)
                content += file.read(length - len(content))
        offset = max(0, offset - size)
    return content
