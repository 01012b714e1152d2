"""Writes the graph of Moonshine's decoder for one row of tokens. The graph that its wheel
carries serves any number of rows: of its thousand operators a run most compute shapes.

python -m training.recipes.rewritten.moonshine --out earshot/models/asr
"""

import argparse
import re
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper

from earshot.models.asr.moonshine_decoder import CROSS, FILE, STEP
from earshot.models.checkpoints.defaults import default_release
from earshot.models.checkpoints.location import locate, sha256
from earshot.settings import settings
from training.importers.ort_tensors import Operator, read
from training.importers.placed_graph import CONTRIBUTED, PlacedGraph, floats

LAYERS, HEADS, HEAD, WIDTH, INNER = 6, 8, 36, 288, 1_152
ROTATED, BASE = 32, 10_000.0
"""Dimensions of a head that carry the position, and the base of their wavelengths."""
EPSILON = 1e-5
BRANCH = re.compile(r"_merged_\d")
"""Marks the initializers that both branches of the merged graph share."""
MULTIPLIED = ("DynamicQuantizeMatMul", "MatMulIntegerToFloat")


class Decoder(PlacedGraph):
    """Collects nodes; weights are those of the merged graph, in their 8-bit integers."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._content = path.read_bytes()
        tensors, operators = read(self._content)
        self._tensors = tensors
        self._plain = {BRANCH.sub("", name): name for name in tensors}
        self._matrices = {
            output: name for operator in operators for output, name in _matrices(operator)
        }

    def cross(self) -> onnx.ModelProto:
        """Keys and values of the sound, by layer, from the encoder's output."""
        outputs: dict[str, list[int | str]] = {}
        for layer in range(LAYERS):
            for kind in "kv":
                found = self._product("encoded", f"layers.{layer}/encoder_attn/{kind}_proj/MatMul")
                by_head = self._by_head(found)
                name = self.named(f"sound_{kind}{layer}", "Identity", by_head)
                outputs[name] = [1, HEADS, "frames", HEAD]
        return self.model("cross", floats({"encoded": ["frames", WIDTH]}), outputs)

    def step(self) -> onnx.ModelProto:
        """Logits behind each of some tokens, given those before."""
        shapes: dict[str, list[int | str]] = {
            "places": ["given", 1],
            "mask": ["given", "text or one"],
        }
        outputs: dict[str, list[int | str]] = {"logits": ["given", "tokens"]}
        x = self._embedded()
        rotation = self._rotation()
        for layer in range(LAYERS):
            now = [f"now_{kind}{layer}" for kind in "kv"]
            outputs |= {name: [1, HEADS, "text", HEAD] for name in now}
            shapes |= {f"past_{kind}{layer}": [1, HEADS, "past", HEAD] for kind in "kv"}
            shapes |= {f"sound_{kind}{layer}": [1, HEADS, "frames", HEAD] for kind in "kv"}
            x = self._layer(x, layer, rotation)
        self._product(self._normalised(x, "norm"), "logits")
        self.nodes[-1].output[0] = "logits"
        tokens = helper.make_tensor_value_info("tokens", TensorProto.INT64, ["given"])
        return self.model("step", [tokens, *floats(shapes)], outputs)

    def _embedded(self) -> str:
        name = "model.decoder.embed_tokens.weight"
        row = self.node("Gather", self._weight(f"{name}_quantized"), "tokens")
        return self.node("DequantizeLinear", row, *self._scale(f"{name}_quantized"))

    def _rotation(self) -> tuple[str, str, str]:
        """Where the places of the tokens begin in tables of cosines and sines, and the tables."""
        waves = BASE ** (-np.arange(0, ROTATED, 2) / ROTATED)
        angles = self.node("Mul", "places", self.constant("waves", waves[None]))
        return self.whole(0), self.node("Cos", angles), self.node("Sin", angles)

    def _layer(self, x: str, layer: int, rotation: tuple[str, str, str]) -> str:
        """One layer, pre-norm: attention to the text, to the sound, and the perceptron."""
        name = f"layers.{layer}"
        given = self._normalised(x, f"{name}.input_layernorm")
        query, key, value = (
            self._by_head(self._product(given, f"{name}/self_attn/{kind}_proj/MatMul"))
            for kind in "qkv"
        )
        query, key = (self._rotated(each, rotation) for each in (query, key))
        keys = self.named(f"now_k{layer}", "Concat", f"past_k{layer}", key, axis=2)
        values = self.named(f"now_v{layer}", "Concat", f"past_v{layer}", value, axis=2)
        mixed = self._mixed(query, keys, values, mask="mask")
        x = self.node("Add", x, self._product(mixed, f"{name}/self_attn/o_proj/MatMul"))
        given = self._normalised(x, f"{name}.post_attention_layernorm")
        query = self._by_head(self._product(given, f"{name}/encoder_attn/q_proj/MatMul"))
        mixed = self._mixed(query, f"sound_k{layer}", f"sound_v{layer}")
        x = self.node("Add", x, self._product(mixed, f"{name}/encoder_attn/o_proj/MatMul"))
        return self.node("Add", x, self._perceptron(x, name))

    def _rotated(self, each: str, rotation: tuple[str, str, str]) -> str:
        return self.node(
            "RotaryEmbedding", each, *rotation, domain=CONTRIBUTED, interleaved=1,
            num_heads=HEADS, rotary_embedding_dim=ROTATED,
        )  # fmt: skip

    def _by_head(self, rows: str) -> str:
        """Shape (1, heads, rows, head)."""
        return self._turned(self.node("Reshape", rows, self.whole(1, -1, HEADS, HEAD)))

    def _turned(self, x: str) -> str:
        return self.node("Transpose", x, perm=[0, 2, 1, 3])

    def _mixed(self, query: str, keys: str, values: str, mask: str = "") -> str:
        alike = self.node(
            "FusedMatMul", query, keys, domain=CONTRIBUTED, alpha=HEAD**-0.5, transB=1
        )
        seen = self.node("Add", alike, mask) if mask else alike
        mixed = self.node("MatMul", self.node("Softmax", seen, axis=-1), values)
        return self.node("Reshape", self._turned(mixed), self.whole(-1, WIDTH))

    def _perceptron(self, x: str, name: str) -> str:
        """SwiGLU: the second half opens the first."""
        given = self._normalised(x, f"{name}.final_layernorm")
        inner = self._product(given, f"{name}/mlp/fc1/Add", f"{name}.mlp.fc1.bias")
        linear, gate = self.halves(inner, INNER, axis=1)
        opened = self.node("QuickGelu", gate, domain=CONTRIBUTED, alpha=1.0)
        through = self.node("Mul", opened, linear)
        return self._product(through, f"{name}/mlp/fc2/Add", f"{name}.mlp.fc2.bias")

    def _product(self, given: str, role: str, bias: str = "") -> str:
        """Rows times a matrix of integers, as in the merged graph: rows by one factor, the matrix
        by one."""
        output = role if role == "logits" else f"/model/decoder/{role}_output_0"
        name = self._matrices[output]
        terms = [self._weight(name), *self._scale(name)]
        own = self._weight(f"model.decoder.{bias}") if bias else ""
        return self.node("DynamicQuantizeMatMul", given, *terms, own, domain=CONTRIBUTED)

    def _normalised(self, x: str, name: str) -> str:
        scale = self._weight(f"model.decoder.{name}.weight")
        return self.node("LayerNormalization", x, scale, axis=-1, epsilon=EPSILON)

    def _weight(self, name: str) -> str:
        return self.found(name, self._content, self._values(name))

    def _scale(self, quantized: str) -> list[str]:
        """Factor and zero point: single numbers, which are in the graph itself."""
        name = quantized.removesuffix("_quantized")
        parts = [f"{name}_scale", f"{name}_zero_point"]
        return [
            self.constant(part, self._values(part), self._values(part).dtype.type) for part in parts
        ]

    def _values(self, name: str) -> NDArray[np.generic]:
        return self._tensors[self._plain.get(name, name)]


def _matrices(operator: Operator) -> list[tuple[str, str]]:
    """Output and matrix of a product."""
    return [
        (operator.outputs[0], name)
        for name in operator.inputs
        if operator.kind in MULTIPLIED and "MatMul_" in name and name.endswith("_quantized")
    ]


def main(out: Path) -> None:
    """Writes both graphs and the places of their weights."""
    path = locate(default_release("asr"), settings()) / FILE
    for name, build in ((CROSS, Decoder.cross), (STEP, Decoder.step)):
        graph = Decoder(path)
        graph.write(out / name, build(graph), sha256(path))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    main(parser.parse_args().out)
