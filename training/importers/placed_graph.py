"""Writes a graph whose initializers have their numbers in another file
(``earshot.compute.placed_weights``)."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from earshot.compute.placed_weights import Places, Weight

CONTRIBUTED = "com.microsoft"
"""Domain of ONNX Runtime's own operators."""
KINDS = {"<f4": TensorProto.FLOAT, "<f2": TensorProto.FLOAT, "|u1": TensorProto.UINT8}

Shapes = Mapping[str, Sequence[int | str]]


class PlacedGraph:
    """Collects nodes, constants, and the initializers that have their numbers elsewhere."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, onnx.TensorProto] = {}
        self.weights: dict[str, Weight] = {}

    def constant(self, name: str, values: object, kind: type[np.generic] = np.float32) -> str:
        self.constants.setdefault(name, numpy_helper.from_array(np.asarray(values, kind), name))
        return name

    def whole(self, *values: int) -> str:
        """A constant of integers, such as a shape."""
        return self.constant(f"whole {values}", values, np.int64)

    def node(self, operator: str, *inputs: str, **attributes: object) -> str:
        output = f"n{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [output], **attributes))
        return output

    def named(self, output: str, operator: str, *inputs: str, **attributes: object) -> str:
        """A node with an output of that name."""
        self.nodes.append(helper.make_node(operator, inputs, [output], **attributes))
        return output

    def halves(self, given: str, size: int, axis: int) -> list[str]:
        """Two parts of that size along an axis."""
        outputs = [f"n{len(self.nodes)}_{half}" for half in range(2)]
        sizes = self.whole(size, size)
        self.nodes.append(helper.make_node("Split", [given, sizes], outputs, axis=axis))
        return outputs

    def found(self, name: str, content: bytes, values: NDArray[np.generic]) -> str:
        """An initializer whose numbers are where they first occur in a file.

        Raises:
            ValueError: they do not occur in it.
        """
        offset = content.index(values.tobytes())
        self.weights[name] = Weight(offsets=(offset,), shape=values.shape, numbers=values.dtype.str)
        return name

    def model(
        self, name: str, inputs: Sequence[onnx.ValueInfoProto], outputs: Shapes
    ) -> onnx.ModelProto:
        """The graph with float outputs of these shapes."""
        graph = helper.make_graph(
            self.nodes,
            name,
            inputs,
            [
                helper.make_tensor_value_info(key, TensorProto.FLOAT, shape)
                for key, shape in outputs.items()
            ],
            [
                *self.constants.values(),
                *(tensor for each in self.weights.items() for tensor in _outside(*each)),
            ],
        )
        domains = {"": 20} | {each.domain: 1 for each in self.nodes if each.domain}
        opsets = [helper.make_opsetid(*each) for each in domains.items()]
        return helper.make_model(graph, opset_imports=opsets, ir_version=9)

    def write(self, path: Path, model: onnx.ModelProto, sha256: str) -> None:
        """Writes the graph, and beside it the places of its weights in the file of that digest."""
        onnx.save(model, str(path))
        places = Places(weights=self.weights, sha256=sha256)
        text = places.model_dump_json(indent=1, exclude_defaults=True) + "\n"
        path.with_suffix(".json").write_text(text, encoding="utf-8")


def floats(shapes: Shapes) -> list[onnx.ValueInfoProto]:
    """Inputs of float32."""
    return [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        for name, shape in shapes.items()
    ]


def _outside(name: str, weight: Weight) -> list[onnx.TensorProto]:
    if not weight.integers:
        return [_elsewhere(name, KINDS[weight.numbers], weight.shape)]
    outputs, inputs = weight.shape
    return [
        _elsewhere(name, TensorProto.INT8, (inputs, outputs)),
        _elsewhere(f"{name}/scale", TensorProto.FLOAT, (outputs,)),
    ]


def _elsewhere(name: str, kind: int, shape: tuple[int, ...]) -> onnx.TensorProto:
    tensor = onnx.TensorProto(name=name, data_type=kind, dims=shape)
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="weights")
    return tensor
