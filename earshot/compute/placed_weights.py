"""Graphs without weights, over numbers that lie in a file of an installed package, read from their
places in it. Nothing is unpickled, and nothing of the package is imported."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from earshot.compute import onnx_runtime

Array = NDArray[np.float32]


class Weight(BaseModel):
    """An initializer of a graph without weights: where its numbers lie in another file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    offsets: tuple[Annotated[int, Field(ge=0)], ...]
    """First bytes of its equally large parts, which follow one another in it."""
    shape: tuple[Annotated[int, Field(gt=0)], ...]
    gates: tuple[int, ...] = ()
    """Order of a recurrent layer's gates, by their order in the other file; empty: as there."""
    numbers: Literal["<f4", "<f2", "|u1"] = "<f4"
    """Type of the numbers in the other file. The graph takes 8-bit integers as they are, all others
    as float32."""
    integers: bool = False
    """The graph takes the matrix transposed as 8-bit integers, and ``NAME/scale`` by column."""


class Places(BaseModel):
    """The file beside a graph that names its weights."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    weights: dict[str, Weight]
    """By initializer."""
    sha256: str = ""
    """Of the file with the numbers, where nothing else verifies it."""


def session(
    graph: Path, weights: Mapping[str, Weight], files: Sequence[Path], *, arena: bool = True
) -> Any:
    """An ``onnxruntime.InferenceSession`` for a graph and the numbers of its initializers.

    Args:
        files: the file that has them, and those that continue it.
        arena: keep freed memory for the next run.
    """
    first, *further = files
    found: dict[str, NDArray[Any]] = {}
    for name, each in weights.items():
        found[name] = numbers(first, each, *further)
        if each.integers:
            found[name], found[f"{name}/scale"] = integers(found[name])
    return onnx_runtime.session(graph, arena=arena, weights=found)


def numbers(path: Path, weight: Weight, *further: Path) -> NDArray[Any]:
    """The numbers of an initializer, of its shape, in a file and those that continue it."""
    size = int(np.prod(weight.shape)) // len(weight.offsets)
    length = size * np.dtype(weight.numbers).itemsize
    read = [_read((path, *further), offset, length) for offset in weight.offsets]
    parts = [np.frombuffer(each, weight.numbers) for each in read]
    if weight.gates:
        quarters = [part.reshape(len(weight.gates), -1) for part in parts]
        parts = [quarter[list(weight.gates)] for quarter in quarters]
    joined = np.concatenate([part.ravel() for part in parts]).reshape(weight.shape)
    return joined if weight.numbers == "|u1" else joined.astype(np.float32)


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
