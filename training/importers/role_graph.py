"""Joins the models of several roles into one ONNX graph with one input and an output named after
each role."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, compose, helper, numpy_helper
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType

FLOOR = 1e-3
"""Added to shares before their logarithm: a forest may give a label a share of zero."""

OPSETS = {"": 18, "ai.onnx.ml": 3}


@dataclass(frozen=True)
class Part:
    """The subgraph of one role: from ``features`` to scores of the labels, named after the role."""

    nodes: tuple[Any, ...]
    constants: tuple[Any, ...]
    labels: int


class Chain:
    """A chain of nodes, each applied to the output of the previous one."""

    def __init__(self, role: str, given: str = "features") -> None:
        self._role, self._given = role, given
        self._nodes: list[Any] = []
        self._constants: list[Any] = []

    @property
    def given(self) -> str:
        """Name of the last node's output."""
        return self._given

    def constant(self, values: Any, kind: type[np.generic] = np.float32) -> str:
        """Adds a constant and returns its name."""
        name = f"{self._role}_constant{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.asarray(values, kind), name))
        return name

    def node(self, operator: str, *inputs: str, **attributes: Any) -> "Chain":
        """Appends an operator on inputs of any names."""
        self._given = f"{self._role}_{len(self._nodes)}"
        self._nodes.append(helper.make_node(operator, inputs, [self._given], **attributes))
        return self

    def then(self, operator: str, constant: Any = None, **attributes: Any) -> "Chain":
        """Appends an operator on the current output, and on a constant if it has two inputs."""
        constants = () if constant is None else (self.constant(constant),)
        return self.node(operator, self._given, *constants, **attributes)

    def beside(self) -> "Chain":
        """Concatenates the features before the current output."""
        return self.node("Concat", "features", self._given, axis=1)

    def model(self, fitted: Any, width: int) -> "Chain":
        """Appends a fitted scikit-learn estimator or pipeline: margins of a machine, shares of all
        else."""
        options = {} if not hasattr(fitted, "classes_") else {"zipmap": False}
        if options and not hasattr(fitted, "predict_proba"):
            options["raw_scores"] = True
        kinds = [("given", FloatTensorType([None, width]))]
        onnx_model = to_onnx(
            fitted,
            initial_types=kinds,
            options={id(fitted): options} if options else None,
            target_opset=OPSETS,
        )
        prefix = f"{self._role}_{len(self._nodes)}_"
        graph = compose.add_prefix(onnx_model, prefix).graph
        self._nodes += [
            helper.make_node("Identity", [self._given], [graph.input[0].name]),
            *graph.node,
        ]
        self._constants += graph.initializer
        self._given = graph.output[-1].name
        return self

    def part(self, labels: int) -> Part:
        """The appended nodes, with the last output named after the role."""
        end = helper.make_node("Identity", [self._given], [self._role])
        return Part((*self._nodes, end), tuple(self._constants), labels)


def join_roles(parts: Mapping[str, Part], width: int, path: Path) -> None:
    """Writes a graph ``features (batch, width)`` to ``<role> (batch, labels)``."""
    features = helper.make_tensor_value_info("features", TensorProto.FLOAT, [None, width])
    outputs = [
        helper.make_tensor_value_info(role, TensorProto.FLOAT, [None, part.labels])
        for role, part in parts.items()
    ]
    nodes: Sequence[Any] = [node for part in parts.values() for node in part.nodes]
    constants = [constant for part in parts.values() for constant in part.constants]
    graph = helper.make_graph(nodes, "sentiment", [features], outputs, constants)
    joined = helper.make_model(
        graph, opset_imports=[helper.make_opsetid(*item) for item in OPSETS.items()], ir_version=10
    )
    onnx.checker.check_model(joined)
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(joined, str(path))
