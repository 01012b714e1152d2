"""Evaluates the ML program of a ``.mlpackage``: its operations in order, weights from its blob
file."""

import struct
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.trainers.coreml.operations import conv, max_pool

Array = NDArray[Any]
Values = dict[str, Array]

SENTINEL, FLOAT32 = 0xDEADBEEF, 2
"""Of the header before each blob (apple/coremltools, ``MILBlob/Blob/StorageFormat.hpp``): its mark,
and the type of its numbers."""


def runner(found: Any, folder: Path) -> Callable[[Values], Values]:
    """The function ``main`` of a program.

    Args:
        folder: ``@model_path``.

    Raises:
        ValueError: an operation is not evaluated here.
    """
    main = found.functions["main"]
    operations = main.block_specializations[main.opset].operations
    strange = sorted({each.type for each in operations} - OPERATIONS.keys() - {"const"})
    if strange:
        raise ValueError(f"operations that are not evaluated here: {', '.join(strange)}")
    constants = {
        each.outputs[0].name: _constant(each.attributes["val"], folder)
        for each in operations
        if each.type == "const"
    }
    rest = [each for each in operations if each.type != "const"]

    def run(values: Values) -> Values:
        known = {**constants, **values}
        for each in rest:
            given = {key: known[one.arguments[0].name] for key, one in each.inputs.items()}
            known[each.outputs[0].name] = OPERATIONS[each.type](given)
        return known

    return run


def _constant(value: Any, folder: Path) -> Array:
    shape = [each.constant.size for each in value.type.tensorType.dimensions]
    if value.HasField("blobFileValue"):
        blob = value.blobFileValue
        return _blob(folder / blob.fileName.removeprefix("@model_path/"), blob.offset).reshape(
            shape
        )
    tensor = value.immediateValue.tensor
    numbers = getattr(tensor, tensor.WhichOneof("value")).values
    return np.array(list(numbers)).reshape(shape)


def _blob(path: Path, offset: int) -> Array:
    with path.open("rb") as file:
        file.seek(offset)
        mark, kind, size, start = struct.unpack("<IIQQ", file.read(24))
        if mark != SENTINEL or kind != FLOAT32:
            raise ValueError(f"{path.name} has no float32 numbers at {offset}")
        file.seek(start)
        return np.frombuffer(file.read(size), "<f4")


def _borders(given: Values) -> tuple[tuple[int, int], ...]:
    if str(given["pad_type"]) != "custom":
        raise ValueError("only stated borders are evaluated here")
    return tuple((int(a), int(b)) for a, b in given["pad"].reshape(-1, 2))


def _sizes(given: Array) -> tuple[int, ...]:
    return tuple(int(each) for each in given)


def _conv(given: Values) -> Array:
    return conv(
        given["x"], given["weight"], given.get("bias"), _sizes(given["strides"]), _borders(given),
        _sizes(given["dilations"]), int(given["groups"]),
    )  # fmt: skip


OPERATIONS: Mapping[str, Callable[[Values], Array]] = {
    "conv": _conv,
    "linear": lambda given: given["x"] @ given["weight"].T + given["bias"],
    "max_pool": lambda given: max_pool(
        given["x"], _sizes(given["kernel_sizes"]), _sizes(given["strides"]), _borders(given)
    ),
    "reduce_mean": lambda given: given["x"].mean(
        axis=_sizes(given["axes"]), keepdims=bool(given["keep_dims"])
    ),
    "relu": lambda given: np.maximum(given["x"], 0),
}
"""By the name of the operation in MIL."""
