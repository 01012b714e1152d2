"""Torch implementations of the ONNX operators in the project's checkpoints."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch.nn import functional

Attributes = dict[str, Any]


def conv(
    attributes: Attributes,
    rows: torch.Tensor,
    weight: torch.Tensor,
    bias: torch.Tensor | None = None,
) -> torch.Tensor:
    rows = functional.pad(rows, _sides(attributes.get("pads", [0] * 2 * (rows.ndim - 2))))
    run = functional.conv1d if rows.ndim == 3 else functional.conv2d
    return run(
        rows,
        weight,
        bias,
        attributes.get("strides", 1),
        0,
        attributes.get("dilations", 1),
        attributes.get("group", 1),
    )


def _pool(attributes: Attributes, rows: torch.Tensor) -> torch.Tensor:
    rows = functional.pad(
        rows, _sides(attributes.get("pads", [0] * 2 * (rows.ndim - 2))), value=-torch.inf
    )
    run = functional.max_pool1d if rows.ndim == 3 else functional.max_pool2d
    return run(rows, attributes["kernel_shape"], attributes.get("strides"))


def _sides(pads: Sequence[int]) -> list[int]:
    """Converts pads: ONNX lists all beginnings and then all ends; torch pairs them, the last axis
    first."""
    half = len(pads) // 2
    return [pad for axis in reversed(range(half)) for pad in (pads[axis], pads[half + axis])]


def _gemm(
    attributes: Attributes, a: torch.Tensor, b: torch.Tensor, c: torch.Tensor | None = None
) -> torch.Tensor:
    product = (a.T if attributes.get("transA") else a) @ (b.T if attributes.get("transB") else b)
    return product if c is None else product + c


def _axes(
    attributes: Attributes, rows: torch.Tensor, given: torch.Tensor | None
) -> tuple[int, ...]:
    """The named axes, or all of them."""
    named = attributes.get("axes") if given is None else given.tolist()
    return tuple(range(rows.ndim)) if named is None else tuple(named)


def _reduced(by: Callable[..., torch.Tensor]) -> Callable[..., torch.Tensor]:
    def call(
        attributes: Attributes, rows: torch.Tensor, axes: torch.Tensor | None = None
    ) -> torch.Tensor:
        return by(
            rows, dim=_axes(attributes, rows, axes), keepdim=bool(attributes.get("keepdims", 1))
        )

    return call


def _norm(rows: torch.Tensor, dim: tuple[int, ...], keepdim: bool) -> torch.Tensor:
    return torch.linalg.vector_norm(rows, dim=dim, keepdim=keepdim)


def _unsqueeze(
    attributes: Attributes, rows: torch.Tensor, axes: torch.Tensor | None = None
) -> torch.Tensor:
    for axis in _axes(attributes, rows, axes):
        rows = rows.unsqueeze(axis)
    return rows


def _normalised(
    attributes: Attributes, rows: torch.Tensor, scale: Any, bias: Any, mean: Any, var: Any
) -> torch.Tensor:
    return functional.batch_norm(rows, mean, var, scale, bias, eps=attributes.get("epsilon", 1e-5))


OPERATORS: dict[str, Callable[..., torch.Tensor]] = {
    "Add": lambda _, a, b: a + b,
    "BatchNormalization": _normalised,
    "Clip": lambda _, a, low=None, high=None: torch.clamp(a, low, high),
    "Concat": lambda attributes, *parts: torch.cat(parts, attributes["axis"]),
    "Constant": lambda attributes: attributes["value"],
    "Conv": conv,
    "Div": lambda _, a, b: a / b,
    "Expand": lambda _, a, shape: a.expand(shape.tolist()),
    "Flatten": lambda attributes, a: a.flatten(attributes.get("axis", 1)),
    "Gemm": _gemm,
    "GlobalAveragePool": lambda _, a: a.mean(dim=tuple(range(2, a.ndim)), keepdim=True),
    "GlobalMaxPool": lambda _, a: a.amax(dim=tuple(range(2, a.ndim)), keepdim=True),
    "Identity": lambda _, a: a,
    "Log": lambda _, a: a.log(),
    "MatMul": lambda _, a, b: a @ b,
    "MaxPool": _pool,
    "Mul": lambda _, a, b: a * b,
    "ReduceL2": _reduced(_norm),
    "ReduceMax": _reduced(torch.amax),
    "ReduceMean": _reduced(torch.mean),
    "ReduceSum": _reduced(torch.sum),
    "Relu": lambda _, a: a.relu(),
    "Shape": lambda _, a: torch.tensor(a.shape),
    "Sigmoid": lambda _, a: a.sigmoid(),
    "Softmax": lambda attributes, a: a.softmax(attributes.get("axis", -1)),
    "Sqrt": lambda _, a: a.sqrt(),
    "Squeeze": lambda attributes, a, axes=None: a.squeeze(_axes(attributes, a, axes)),
    "Sub": lambda _, a, b: a - b,
    "Transpose": lambda attributes, a: a.permute(attributes["perm"]),
    "Unsqueeze": _unsqueeze,
}
"""All operators of the embedded checkpoints, except those of sentiment, which are not networks; and
a few for future ones."""
