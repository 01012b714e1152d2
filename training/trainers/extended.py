"""Keeps labels of a former checkpoint that new data has no recordings of: their shares are the
former network's, what is left of the whole is divided by the new one."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, compose, helper, numpy_helper

from earshot.analysis.errors import Misconfigured
from earshot.models.checkpoints.export import OPSET, describe
from earshot.models.metadata import WindowedMetadata, read
from earshot.models.onnx_model import described
from training.trainers.base import Start
from training.trainers.exports import into
from training.trainers.trainer import Job

LEAST = 1e-9
"""Added to shares before their logarithm."""


def vanishing(labels: tuple[str, ...], before: tuple[str, ...]) -> tuple[str, ...]:
    """Labels of a former checkpoint that a new one would not know."""
    return tuple(label for label in before if label not in labels)


def kept(
    job: Job, path: Path, start: Start | None, labels: tuple[str, ...], order: tuple[str, ...]
) -> tuple[str, ...]:
    """Names the labels of the former checkpoint that the data has no recordings of, or keeps them
    if that is wanted. Returns the labels of the checkpoint.

    Args:
        path: of the new checkpoint, whose labels are ``labels``.
        order: of labels; others follow.

    Raises:
        Misconfigured: ``base``, the former one is no export, or takes other windows.
    """
    if start is None:
        return labels
    if start.path.suffix != ".onnx":
        if job.options.extend:
            raise Misconfigured("base", f"--extend keeps labels of an .onnx file, not {start.path}")
        return labels
    lost = vanishing(labels, described(start.path, start.base.name).labels)
    if lost and job.options.extend:
        return extended(path, start.path, order)
    if lost:
        job.watch.say(
            f"labels of {start.base.name} that the result does not know (--extend keeps them):"
            f" {', '.join(lost)}"
        )
    return labels


def extended(path: Path, former: Path, order: tuple[str, ...]) -> tuple[str, ...]:
    """Rewrites a checkpoint over windows so that it also gives the labels that only the former one
    knows. Returns its labels.

    Args:
        order: of labels; others follow.

    Raises:
        Misconfigured: ``base``, the former one takes other windows.
    """
    new, old = onnx.load(str(path)), onnx.load(str(former))
    mine, theirs = (_metadata(each, name.name) for each, name in ((new, path), (old, former)))
    kept = vanishing(mine.labels, theirs.labels)
    if not kept:
        return mine.labels
    same = mine.window == theirs.window and np.allclose(mine.mean, theirs.mean, atol=1e-3)
    if not same or not np.allclose(mine.std, theirs.std, atol=1e-3):
        raise Misconfigured("base", f"{former} takes other windows, so it cannot be kept beside")
    known = {*mine.labels, *kept}
    labels = tuple(name for name in order if name in known)
    labels += tuple(name for name in (*mine.labels, *kept) if name not in labels)
    model = _joined(new, old, mine, theirs, kept, labels)
    with into(path) as made:
        onnx.save(model, str(made))
        describe(made, mine.model_copy(update={"labels": labels, "temperature": 1.0}))
    return labels


def _metadata(model: Any, name: str) -> WindowedMetadata:
    return read(WindowedMetadata, {prop.key: prop.value for prop in model.metadata_props}, name)


def _joined(
    new: Any,
    old: Any,
    mine: WindowedMetadata,
    theirs: WindowedMetadata,
    kept: tuple[str, ...],
    labels: tuple[str, ...],
) -> Any:
    """``log(old shares of kept labels + (1 - their sum) * new shares)`` as one graph."""
    given, wanted = new.graph.input[0], new.graph.output[0]
    name, answer = given.name, wanted.name
    nodes: list[Any] = []
    constants: list[Any] = []

    def constant(value: Any, key: str) -> str:
        constants.append(numpy_helper.from_array(np.asarray(value, np.float32), key))
        return key

    def node(operator: str, inputs: list[str], out: str, **attributes: Any) -> str:
        nodes.append(helper.make_node(operator, inputs, [out], **attributes))
        return out

    def shares(model: Any, side: str, described: WindowedMetadata, chosen: tuple[str, ...]) -> str:
        graph = compose.add_prefix(model, f"{side}/").graph
        node("Identity", [name], graph.input[0].name)
        nodes.extend(graph.node)
        constants.extend(graph.initializer)
        heat = constant(described.temperature, f"{side}_temperature")
        cool = node("Div", [graph.output[0].name, heat], f"{side}_logits")
        all_shares = node("Softmax", [cool], f"{side}_shares", axis=1)
        places = np.zeros((len(described.labels), len(labels)), np.float32)
        for label in chosen:
            places[described.labels.index(label), labels.index(label)] = 1
        return node("MatMul", [all_shares, constant(places, f"{side}_places")], f"{side}_placed")

    fresh = shares(new, "new", mine, mine.labels)
    stale = shares(_current(old), "old", theirs, kept)
    total = node("MatMul", [stale, constant(np.ones((len(labels), 1)), "ones")], "kept_share")
    rest = node("Sub", [constant(1.0, "whole"), total], "left_share")
    divided = node("Mul", [fresh, rest], "divided")
    whole = node("Add", [stale, divided], "all_shares")
    raised = node("Add", [whole, constant(LEAST, "least")], "all_raised")
    node("Log", [raised], answer)
    graph = helper.make_graph(
        nodes,
        "extended",
        [given],
        [helper.make_tensor_value_info(answer, TensorProto.FLOAT, ["batch", len(labels)])],
        constants,
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=new.ir_version
    )
    onnx.checker.check_model(model)
    return model


def _current(model: Any) -> Any:
    """The model on the operators of new exports."""
    from onnx import version_converter

    version = next(each.version for each in model.opset_import if each.domain == "")
    return model if version == OPSET else version_converter.convert_version(model, OPSET)
