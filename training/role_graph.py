"""Joins the models of several roles into one ONNX graph with one input and an output named after each role."""

from pathlib import Path
from typing import Any

import onnx
from onnx import TensorProto, compose, helper
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType
from sklearn.pipeline import Pipeline


def join_roles(models: dict[str, Pipeline], width: int, path: Path) -> None:
    """Write a graph ``features (batch, width)`` to ``<role> (batch, labels)``: margins of an SVM, log shares of a forest."""
    nodes, initializers, outputs, opsets = [], [], [], {}
    for role, model in models.items():
        part = _converted(model, width, role)
        scores = part.graph.output[-1].name
        nodes += [*part.graph.node, *_ending(role, scores, hasattr(model, "predict_proba"))]
        initializers += part.graph.initializer
        outputs.append(helper.make_tensor_value_info(role, TensorProto.FLOAT, [None, len(model.classes_)]))
        opsets |= {opset.domain: max(opset.version, opsets.get(opset.domain, 0)) for opset in part.opset_import}
    initializers.append(helper.make_tensor("floor", TensorProto.FLOAT, [1], [1e-3]))
    features = helper.make_tensor_value_info("features", TensorProto.FLOAT, [None, width])
    graph = helper.make_graph(nodes, "sentiment", [features], outputs, initializers)
    joined = helper.make_model(graph, opset_imports=[helper.make_opsetid(*item) for item in opsets.items()], ir_version=10)
    onnx.checker.check_model(joined)
    onnx.save(joined, str(path))


def _converted(model: Pipeline, width: int, role: str) -> Any:
    last = model.steps[-1][1]
    options: dict[str, Any] = {"zipmap": False} if hasattr(last, "predict_proba") else {"zipmap": False, "raw_scores": True}
    inputs = [("features", FloatTensorType([None, width]))]
    part = to_onnx(model, initial_types=inputs, options={id(model): options}, target_opset={"": 18, "ai.onnx.ml": 3})
    return compose.add_prefix(part, f"{role}_", rename_inputs=False)


def _ending(role: str, scores: str, shares: bool) -> list[Any]:
    if not shares:
        return [helper.make_node("Identity", [scores], [role])]
    floored = f"{role}_floored"
    return [helper.make_node("Add", [scores, "floor"], [floored]), helper.make_node("Log", [floored], [role])]
