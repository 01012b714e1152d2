"""The tensors and operators of a model in ONNX Runtime's own format, by the reader that its package
brings."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from onnx.helper import tensor_dtype_to_np_dtype


class Operator(NamedTuple):
    """A node of a graph."""

    kind: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


def read(content: bytes) -> tuple[dict[str, NDArray[np.generic]], list[Operator]]:
    """Initializers by name, and operators, of a graph and of all graphs in it."""
    from onnxruntime.tools.ort_format_model.ort_flatbuffers_py.fbs import InferenceSession

    root = InferenceSession.InferenceSession.GetRootAsInferenceSession(bytearray(content), 0)
    tensors: dict[str, NDArray[np.generic]] = {}
    operators: list[Operator] = []
    left = [root.Model().Graph()]
    while left:
        graph = left.pop()
        for tensor in _each(graph, "Initializers"):
            kind = tensor_dtype_to_np_dtype(tensor.DataType())
            values = np.frombuffer(tensor.RawDataAsNumpy().tobytes(), kind)
            tensors[tensor.Name().decode()] = values.reshape(_each(tensor, "Dims"))
        for node in _each(graph, "Nodes"):
            names = (
                tuple(name.decode() for name in _each(node, key)) for key in ("Inputs", "Outputs")
            )
            operators.append(Operator(node.OpType().decode(), *names))
            left += [inner.G() for inner in _each(node, "Attributes") if inner.G() is not None]
    return tensors, operators


def _each(table: Any, name: str) -> list[Any]:
    return [getattr(table, name)(at) for at in range(getattr(table, f"{name}Length")())]
