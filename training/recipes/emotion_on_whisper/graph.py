"""The graph of the lower layers of Whisper's encoder without its weights, which stay in the file of
the package that has them, and of a head over them.

Radford et al. 2022, Robust speech recognition via large-scale weak supervision. The upper layers of
a recogniser drop how a word is spoken, the lower ones have it (training card).
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper

from earshot.audio.features.spectra import slaney_areas
from earshot.compute.placed_weights import Weight
from training.importers.placed_graph import PlacedGraph, floats
from training.importers.torch_tensors import Placed
from training.recipes.emotion_on_whisper.front_end import SPEC

Floats = NDArray[np.float32]

LEAST_POWER, RANGE = 1e-10, 8.0
"""Least power of a band, and powers of ten below the loudest band that are kept."""
WIDTH, HEADS = 512, 8


class Encoder(PlacedGraph):
    """Collects the nodes of the encoder."""

    def __init__(self, tensors: Mapping[str, Placed], first_byte: int) -> None:
        """``first_byte``: position of the package's file in the whole file of ``tensors``."""
        super().__init__()
        self._tensors, self._first = tensors, first_byte

    def weight(self, name: str) -> str:
        """A tensor of the encoder."""
        tensor = self._tensors[f"encoder/{name}"]
        return self.placed(name, tensor.offset, tensor.shape)

    def placed(self, name: str, offset: int, shape: tuple[int, ...]) -> str:
        """Numbers at a place of the whole file."""
        self.weights[name] = Weight(offsets=(offset - self._first,), shape=shape, numbers="<f2")
        return name

    def normalised(self, given: str, name: str) -> str:
        scale, bias = self.weight(f"{name}/gamma"), self.weight(f"{name}/beta")
        return self.node("LayerNormalization", given, scale, bias, axis=-1)

    def linear(self, given: str, name: str) -> str:
        return self.product(given, self.weight(f"{name}/weight"), self.weight(f"{name}/bias"))

    def product(self, given: str, weight: str, bias: str) -> str:
        """Rows times a matrix of shape (outputs, inputs)."""
        return self.node("Gemm", given, weight, bias, transB=1)

    def stem(self, log_mel: str) -> str:
        """From natural logarithms of bands, shape (frames, bands), to (frames / 2, ``WIDTH``)."""
        power = self.node(
            "Mul", self.node("Exp", log_mel), self.constant("area", slaney_areas(SPEC))
        )
        least = self.node("Max", power, self.constant("least_power", LEAST_POWER))
        tens = self.node("Mul", self.node("Log", least), self.constant("tens", 1 / np.log(10)))
        loudest = self.node("ReduceMax", tens, keepdims=1)
        floor = self.node("Sub", loudest, self.constant("range", RANGE))
        raised = self.node("Max", tens, floor)
        scaled = self.node("Div", self.node("Add", raised, self.constant("four", 4.0)), "four")
        x = self.node("Unsqueeze", self.node("Transpose", scaled, perm=[1, 0]), self._axis())
        for number, stride in ((1, 1), (2, 2)):
            weight, bias = self.weight(f"conv{number}/weight"), self.weight(f"conv{number}/bias")
            x = self.node("Conv", x, weight, bias, pads=[1, 1], strides=[stride])
            x = self.node("Gelu", x)
        x = self.node("Transpose", self.node("Squeeze", x, self._axis()), perm=[1, 0])
        frames = self.node("Shape", x, start=0, end=1)
        first = self.constant("first", [0], np.int64)
        places = self.weight("position_encodings/encodings")
        return self.node("Add", x, self.node("Slice", places, first, frames))

    def layer(self, x: str, number: int) -> str:
        """One layer, pre-norm."""
        name = f"layer_{number}"
        joined = self.linear(
            self.normalised(x, f"{name}/self_attention/layer_norm"),
            f"{name}/self_attention/linear_0",
        )
        mixed = self.linear(self._attended(joined), f"{name}/self_attention/linear_1")
        x = self.node("Add", x, mixed)
        inner = self.linear(self.normalised(x, f"{name}/ffn/layer_norm"), f"{name}/ffn/linear_0")
        return self.node("Add", x, self.linear(self.node("Gelu", inner), f"{name}/ffn/linear_1"))

    def pooled(self, x: str) -> str:
        """Mean and deviation over time, shape (1, 2 * ``WIDTH``)."""
        axis = self._axis()
        mean = self.node("ReduceMean", x, axis, keepdims=1)
        apart = self.node("Sub", x, mean)
        variance = self.node("ReduceMean", self.node("Mul", apart, apart), axis, keepdims=1)
        return self.node("Concat", mean, self.node("Sqrt", variance), axis=1)

    def _axis(self) -> str:
        return self.constant("axis", [0], np.int64)

    def _attended(self, joined: str) -> str:
        """Multi-head attention, from queries, keys and values side by side."""
        shape = self.constant("heads", [0, 3, HEADS, WIDTH // HEADS], np.int64)
        by_head = self.node("Transpose", self.node("Reshape", joined, shape), perm=[1, 2, 0, 3])
        each = [f"{by_head}_{kind}" for kind in "qkv"]
        self.nodes.append(helper.make_node("Split", [by_head], each, axis=0, num_outputs=3))
        scale = self.constant("scale", (WIDTH // HEADS) ** -0.5)
        keys = self.node("Transpose", each[1], perm=[0, 1, 3, 2])
        alike = self.node("MatMul", self.node("Mul", each[0], scale), keys)
        mixed = self.node("MatMul", self.node("Softmax", alike, axis=-1), each[2])
        back = self.node("Transpose", mixed, perm=[0, 2, 1, 3])
        return self.node("Reshape", back, self.constant("joined", [-1, WIDTH], np.int64))


def build(encoder: Encoder, layers: Sequence[int]) -> onnx.ModelProto:
    """A graph with an output ``layer_N`` for each of ``layers``: its frames, pooled over time."""
    x = encoder.stem("log_mel")
    for number in range(max(layers)):
        x = encoder.layer(x, number)
        if number + 1 in layers:
            encoder.nodes.append(
                helper.make_node("Identity", [encoder.pooled(x)], [f"layer_{number + 1}"])
            )
    return model(encoder, {f"layer_{layer}": 2 * WIDTH for layer in layers})


def model(encoder: Encoder, outputs: Mapping[str, int]) -> onnx.ModelProto:
    """The graph with outputs of these names and widths."""
    shapes = {name: [1, width] for name, width in outputs.items()}
    return encoder.model("whisper_encoder", floats({"log_mel": ["frames", SPEC.n_mels]}), shapes)


def save(path: Path, built: onnx.ModelProto) -> None:
    """Writes the graph."""
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(built, str(path))
