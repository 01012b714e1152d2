"""Where the tensors of a torch checkpoint of the legacy format (before 1.6) lie in its file.

The file is a sequence of pickles, and the numbers of the storages behind them. Nothing is unpickled
but containers and the descriptions of tensors.
"""

import pickle
from collections import OrderedDict
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from earshot.analysis.errors import Misconfigured

MAGIC = 0x1950A86A20F9469CFC6C
"""First value of the format."""
LENGTH = 8
"""Bytes of the length that stands before the numbers of a storage."""


class Placed(NamedTuple):
    """A tensor of little-endian numbers in a file: first byte, and shape."""

    offset: int
    shape: tuple[int, ...]


class _Tensor(NamedTuple):
    storage: str
    first: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]


class _Reader(pickle.Unpickler):
    """Refuses all but what a checkpoint of tensors has."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__(file)
        self.storages: dict[str, str] = {}

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return lambda storage, first, shape, stride, *_: _Tensor(storage, first, shape, stride)
        if module == "torch" and name.endswith("Storage"):
            return name
        raise Misconfigured("file", f"the checkpoint names {module}.{name}, which is no tensor")

    def persistent_load(self, pid: Any) -> str:
        _, kind, key, _, _, view = pid
        if view is not None:
            raise Misconfigured("file", "the checkpoint has a view of a storage; save it again")
        self.storages[key] = kind
        return str(key)


def placed(path: Path, under: str) -> dict[str, Placed]:
    """The float32 tensors of a mapping in the checkpoint, by name.

    Args:
        under: key of the mapping, as ``model_state``.

    Raises:
        Misconfigured: not a checkpoint of this format, or it has more in it than tensors.
    """
    with path.open("rb") as file:
        if _Reader(file).load() != MAGIC:
            raise Misconfigured("file", f"{path} is no torch checkpoint of the legacy format")
        for _ in range(2):  # the version of the format, and sizes of the writer's integers
            _Reader(file).load()
        reader = _Reader(file)
        found = reader.load()[under]
        keys = _Reader(file).load()
        starts = {}
        for key in keys:
            numbers = int.from_bytes(file.read(LENGTH), "little")
            starts[key] = file.tell()
            file.seek(numbers * _bytes(reader.storages[key]), 1)
    return {
        name: Placed(starts[tensor.storage] + 4 * tensor.first, tuple(tensor.shape))
        for name, tensor in found.items()
        if reader.storages[tensor.storage] == "FloatStorage" and _whole(tensor)
    }


def _bytes(kind: str) -> int:
    return {"FloatStorage": 4, "LongStorage": 8, "DoubleStorage": 8, "IntStorage": 4}[kind]


def _whole(tensor: _Tensor) -> bool:
    """True if the numbers stand row by row without gaps."""
    expected, step = [], 1
    for size in reversed(tensor.shape):
        expected.append(step)
        step *= size
    return tuple(tensor.stride) == tuple(reversed(expected))
