"""Evaluates Core ML files in numpy, by what stands in the file: the layers of a neural network
(``.mlmodel``), or the operations of a program and its weights (``.mlpackage``).

Formats: apple/coremltools, ``mlmodel/format/NeuralNetwork.proto`` and ``MIL.proto``. It knows what
small convolutional networks use, and refuses the rest.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.trainers.coreml import program
from training.trainers.coreml.operations import conv, max_pool

Array = NDArray[np.float32]
Values = dict[str, Array]


@dataclass(frozen=True)
class Evaluated:
    """A file, ready to be run."""

    inputs: Mapping[str, tuple[int, ...]]
    """Name to shape, as the file states them; likewise the outputs."""
    outputs: Mapping[str, tuple[int, ...]]
    metadata: Mapping[str, str]
    _run: Callable[[Values], Values]

    def run(self, given: Values) -> Values:
        """The outputs by name.

        Raises:
            ValueError: an input has another name or shape than the file states.
        """
        shapes = {name: value.shape for name, value in given.items()}
        if shapes != dict(self.inputs):
            raise ValueError(f"the file takes {dict(self.inputs)}, not {shapes}")
        found = self._run(dict(given))
        return {name: found[name] for name in self.outputs}


def opened(path: Path) -> Evaluated:
    """A ``.mlmodel`` or ``.mlpackage``.

    Raises:
        ValueError: it has a layer or an operation that is not evaluated here.
    """
    from training.trainers.coreml.convert import OTHERS, silent, without

    with silent(), without(*OTHERS):
        from coremltools.proto import Model_pb2
    spec = Model_pb2.Model()
    inside = next(path.rglob("*.mlmodel")) if path.is_dir() else path
    spec.ParseFromString(inside.read_bytes())
    return Evaluated(
        _shapes(spec.description.input),
        _shapes(spec.description.output),
        dict(spec.description.metadata.userDefined),
        _network(spec.neuralNetwork)
        if spec.HasField("neuralNetwork")
        else program.runner(spec.mlProgram, inside.parent),
    )


def _shapes(features: Sequence[Any]) -> dict[str, tuple[int, ...]]:
    return {each.name: tuple(each.type.multiArrayType.shape) for each in features}


def _network(network: Any) -> Callable[[Values], Values]:
    layers = [(each, each.WhichOneof("layer")) for each in network.layers]
    strange = sorted({kind for _, kind in layers} - LAYERS.keys())
    if strange:
        raise ValueError(f"layers that are not evaluated here: {', '.join(strange)}")

    def run(values: Values) -> Values:
        for layer, kind in layers:
            (given,), (name,) = layer.input, layer.output
            values[name] = LAYERS[kind](getattr(layer, kind), values[given])
        return values

    return run


def _convolution(layer: Any, x: Array) -> Array:
    weights = np.array(layer.weights.floatValue, np.float32).reshape(
        layer.outputChannels, layer.kernelChannels, *layer.kernelSize
    )
    bias = np.array(layer.bias.floatValue, np.float32) if layer.hasBias else None
    return conv(
        x, weights, bias, tuple(layer.stride), _borders(layer), tuple(layer.dilationFactor),
        layer.nGroups,
    )  # fmt: skip


def _pooling(layer: Any, x: Array) -> Array:
    if layer.type != layer.MAX:
        raise ValueError("only the maximum is evaluated here")
    return max_pool(x, tuple(layer.kernelSize), tuple(layer.stride), _borders(layer))


def _borders(layer: Any) -> tuple[tuple[int, int], ...]:
    if (
        layer.WhichOneof(
            "ConvolutionPaddingType" if hasattr(layer, "outputChannels") else "PoolingPaddingType"
        )
        != "valid"
    ):
        raise ValueError("only stated borders are evaluated here")
    amounts = layer.valid.paddingAmounts.borderAmounts
    return tuple((each.startEdgeSize, each.endEdgeSize) for each in amounts) or ((0, 0), (0, 0))


def _activation(layer: Any, x: Array) -> Array:
    kind = layer.WhichOneof("NonlinearityType")
    if kind != "ReLU":
        raise ValueError(f"the activation {kind} is not evaluated here")
    return np.maximum(x, 0)


def _inner_product(layer: Any, x: Array) -> Array:
    weights = np.array(layer.weights.floatValue, np.float32).reshape(
        layer.outputChannels, layer.inputChannels
    )
    found: Array = x @ weights.T
    return found + np.array(layer.bias.floatValue, np.float32) if layer.hasBias else found


LAYERS: Mapping[str, Callable[[Any, Array], Array]] = {
    "activation": _activation,
    "convolution": _convolution,
    "expandDims": lambda layer, x: np.expand_dims(x, tuple(layer.axes)),
    "innerProduct": _inner_product,
    "pooling": _pooling,
    "reduceMean": lambda layer, x: x.mean(axis=tuple(layer.axes), keepdims=layer.keepDims),
    "squeeze": lambda layer, x: np.squeeze(x, tuple(layer.axes)),
}
"""By the name of the layer's message."""
