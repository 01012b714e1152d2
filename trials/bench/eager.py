"""Runs an ONNX checkpoint as torch does, operator by operator: the weights of the checkpoint
without ONNX Runtime's optimisations.

Export folds each batch normalisation into the convolution before it. Torch runs the network as it
was trained, so an identity normalisation stands in its place: behind every convolution with weights
computed by export, which have other names than in the network.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch.nn import functional

from earshot.compute import onnx_runtime
from trials.bench.operators import OPERATORS, Attributes, conv

COMPUTED = "onnx::"
"""Name prefix of values computed by export."""
EPSILON = 1e-5


def opened(path: Path) -> Callable[[torch.Tensor], torch.Tensor]:
    """A function from the checkpoint's input to its first output.

    Raises:
        ValueError: it has operators missing in ``trials.bench.operators``.
    """
    graph = onnx.load(str(path)).graph
    unknown = sorted({node.op_type for node in graph.node} - set(OPERATORS))
    if unknown:
        raise ValueError(
            f"{path}: torch does not run it, for trials/bench/operators.py lacks"
            f" {', '.join(unknown)}; add them there"
        )
    weights = {
        each.name: torch.from_numpy(numpy_helper.to_array(each).copy())
        for each in graph.initializer
    }
    steps = [
        (_operator(node, weights), list(node.input), list(node.output), _attributes(node))
        for node in graph.node
    ]

    def call(rows: torch.Tensor) -> torch.Tensor:
        values: dict[str, Any] = {**weights, graph.input[0].name: rows, "": None}
        for operator, inputs, outputs, attributes in steps:
            values[outputs[0]] = operator(attributes, *(values[name] for name in inputs))
        first: torch.Tensor = values[graph.output[0].name]
        return first

    return call


def check(path: Path, call: Callable[[torch.Tensor], torch.Tensor], rows: np.ndarray) -> None:
    """Compares the outputs with ONNX Runtime's.

    Raises:
        ValueError: they differ.
    """
    session = onnx_runtime.session(path)
    wanted, *_ = session.run(None, {session.get_inputs()[0].name: rows})
    distance = float(np.abs(call(torch.from_numpy(rows)).numpy() - wanted).max())
    if not distance <= 1e-3:
        raise ValueError(
            f"{path}: run by torch it answers {distance:.4f} away from ONNX Runtime; mend"
            " trials/bench/operators.py"
        )


def _operator(node: Any, weights: dict[str, torch.Tensor]) -> Callable[..., torch.Tensor]:
    is_folded = (
        node.op_type == "Conv" and len(node.input) == 3 and node.input[1].startswith(COMPUTED)
    )
    return _conv_and_norm(weights[node.input[2]]) if is_folded else OPERATORS[node.op_type]


def _conv_and_norm(bias: torch.Tensor) -> Callable[..., torch.Tensor]:
    zero, one = torch.zeros_like(bias), torch.ones_like(bias)
    spread = one - EPSILON

    def call(
        attributes: Attributes, rows: torch.Tensor, weight: torch.Tensor, _: torch.Tensor
    ) -> torch.Tensor:
        return functional.batch_norm(
            conv(attributes, rows, weight), zero, spread, one, bias, eps=EPSILON
        )

    return call


def _attributes(node: Any) -> Attributes:
    found = {each.name: onnx.helper.get_attribute_value(each) for each in node.attribute}
    if "value" in found and isinstance(found["value"], onnx.TensorProto):
        found["value"] = torch.from_numpy(numpy_helper.to_array(found["value"]).copy())
    return found
