"""Keeps labels of a former checkpoint that new data has no recordings of.

The former network answers for them, but only as far as it is surer of a label than on the new
data, which holds nothing of it: else its label of all unknown sounds would take what was just
taught. What is left of the whole is divided by the new network.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, compose, helper, numpy_helper

from earshot.analysis.errors import Misconfigured
from earshot.compute import onnx_runtime
from earshot.models.checkpoints.export import OPSET, describe
from earshot.models.metadata import WindowedMetadata, read
from earshot.models.onnx_model import described
from earshot.models.scoring import softmax
from training.trainers.base import Start
from training.trainers.data.features import Floats
from training.trainers.exports import into
from training.trainers.trainer import Job

LEAST = 1e-6
"""Added to shares before their logarithm."""
FALSE = 0.02
"""Share of the windows of new data that may pass the limit of a kept label."""
LOWEST = 0.3
"""Share of the former network that is a limit at least."""
STEEP = 2.0
"""A logit this far above its limit, times this, is the logarithm of the odds against the rest."""


def vanishing(labels: tuple[str, ...], before: tuple[str, ...]) -> tuple[str, ...]:
    """Labels of a former checkpoint that a new one would not know."""
    return tuple(label for label in before if label not in labels)


def kept(
    job: Job,
    path: Path,
    start: Start | None,
    labels: tuple[str, ...],
    order: tuple[str, ...],
    windows: Callable[[], Floats],
) -> tuple[str, ...]:
    """Names the labels of the former checkpoint that the data has no recordings of, or keeps them
    if that is wanted. Returns the labels of the checkpoint.

    Args:
        path: of the new checkpoint, whose labels are ``labels``.
        order: of labels; others follow.
        windows: normalised, of new data.

    Raises:
        Misconfigured: ``base``, the former one is no export, or takes other windows.
    """
    if start is None:
        return labels
    if start.path.suffix != ".onnx":
        return labels
    lost = vanishing(labels, described(start.path, start.base.name).labels)
    if lost and job.options.extend:
        return extended(path, start.path, order, windows())
    if lost:
        job.watch.say(
            f"labels of {start.base.name} that the result does not know (--extend keeps them):"
            f" {', '.join(lost)}"
        )
    return labels


def extended(path: Path, former: Path, order: tuple[str, ...], windows: Floats) -> tuple[str, ...]:
    """Rewrites a checkpoint over windows so that it also gives the labels that only the former one
    knows. Returns its labels.

    Args:
        order: of labels; others follow.
        windows: normalised, of new data.

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
    limits = _limits(former, theirs, kept, windows)
    model = _joined(new, old, mine, theirs, kept, labels, limits)
    with into(path) as made:
        onnx.save(model, str(made))
        describe(made, mine.model_copy(update={"labels": labels, "temperature": 1.0}))
    return labels


def _metadata(model: Any, name: str) -> WindowedMetadata:
    return read(WindowedMetadata, {prop.key: prop.value for prop in model.metadata_props}, name)


def _limits(
    former: Path, theirs: WindowedMetadata, kept: tuple[str, ...], windows: Floats
) -> Floats:
    """Logits of the kept labels that ``FALSE`` of the windows pass."""
    session = onnx_runtime.session(former)
    name = session.get_inputs()[0].name
    parts = [session.run(None, {name: windows[i : i + 64]})[0] for i in range(0, len(windows), 64)]
    shares = softmax(np.concatenate(parts), theirs.temperature)
    chosen = shares[:, [theirs.labels.index(label) for label in kept]]
    limits = np.maximum(np.quantile(chosen, 1 - FALSE, axis=0), LOWEST)
    found: Floats = np.log((limits + LEAST) / (1 - limits + LEAST)).astype(np.float32)
    return found


def _joined(
    new: Any,
    old: Any,
    mine: WindowedMetadata,
    theirs: WindowedMetadata,
    kept: tuple[str, ...],
    labels: tuple[str, ...],
    limits: Floats,
) -> Any:
    """Both networks and the division as one graph."""
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
        whole = node("Softmax", [cool], f"{side}_whole", axis=1)
        return places(whole, described.labels, chosen, f"{side}_shares")

    def places(
        given: str, have: tuple[str, ...], wanted: tuple[str, ...], out: str, drop: bool = True
    ) -> str:
        """Columns in another order: of ``wanted``, or with zeros elsewhere of all labels."""
        target = wanted if drop else labels
        matrix = np.zeros((len(have), len(target)))
        for label in wanted:
            matrix[have.index(label), target.index(label)] = 1
        return node("MatMul", [given, constant(matrix, f"{out}_places")], out)

    least, one = constant(LEAST, "least"), constant(1.0, "one")
    fresh = shares(new, "new", mine, mine.labels)
    stale = shares(_current(old), "old", theirs, kept)
    against = node("Add", [node("Sub", [one, stale], "others"), least], "others_raised")
    ratio = node("Div", [node("Add", [stale, least], "stale_raised"), against], "ratio")
    logit = node("Sub", [node("Log", [ratio], "logit"), constant(limits, "limits")], "above")
    odds = node("Exp", [node("Mul", [logit, constant(STEEP, "steep")], "steeper")], "odds")
    total = node("MatMul", [odds, constant(np.ones((len(kept), 1)), "ones")], "odds_sum")
    whole = node("Add", [total, one], "whole")
    mine_left = node("Div", [fresh, whole], "new_left")
    theirs_left = node("Div", [odds, whole], "old_left")
    both = node(
        "Add",
        [
            places(mine_left, mine.labels, mine.labels, "new_placed", drop=False),
            places(theirs_left, kept, kept, "old_placed", drop=False),
        ],
        "both",
    )
    node("Log", [node("Add", [both, least], "both_raised")], answer)
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
