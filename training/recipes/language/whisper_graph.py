"""The graph of Whisper base up to its first prediction, the language, without its weights, which
stay in the files of the packages that have them.

Radford et al. 2022, Robust speech recognition via large-scale weak supervision, figure 1: behind
its start token the decoder predicts the token of the language. Of one token, attention to the text
so far is its value alone; queries of one token meet the encoder's output without keys and values
of every frame being computed.
"""

from collections.abc import Mapping

import numpy as np
import onnx

from training.importers.torch_tensors import Placed
from training.recipes.emotion_on_whisper.graph import HEADS, WIDTH, Encoder, model

LAYERS = 6
START, FIRST = 50258, 50259
"""Tokens: of the start, and of the first language."""
HEAD = WIDTH // HEADS
BYTES = 2
"""Of a number."""


class Detector(Encoder):
    """Collects the nodes of both halves."""

    def __init__(self, tensors: Mapping[str, Placed]) -> None:
        super().__init__(tensors, 0)

    def build(self, languages: int) -> onnx.ModelProto:
        """The whole graph, with logits of the languages in the order of their tokens."""
        x = self.stem("log_mel")
        for number in range(LAYERS):
            x = self.layer(x, number)
        encoded = self.normalised(x, "layer_norm")
        x = self.node(
            "Add",
            self.rows("embeddings/weight", START, 1),
            self.rows("position_encodings/encodings", 0, 1),
        )
        for number in range(LAYERS):
            x = self._decoded(x, encoded, f"decoder/layer_{number}")
        x = self.normalised(x, "decoder/layer_norm")
        names = self.rows("embeddings/weight", FIRST, languages)
        self.node("Gemm", x, names, transB=1)
        self.nodes[-1].output[0] = "language_logits"
        return model(self, {"language_logits": languages})

    def rows(self, name: str, first: int, count: int) -> str:
        """Some rows of a table of the decoder."""
        table = self._tensors[f"decoder/{name}"]
        offset = table.offset + first * WIDTH * BYTES
        return self.placed(f"decoder/{name}/{first}", offset, (count, WIDTH))

    def _part(self, name: str, part: int, parts: int, *shape: int) -> str:
        """One of equal parts of a tensor, one after the other."""
        whole = self._tensors[name]
        size = int(np.prod(whole.shape)) // parts
        return self.placed(f"{name}/{part}", whole.offset + part * size * BYTES, shape)

    def weight(self, name: str) -> str:
        """A tensor of either half."""
        if name.startswith("decoder/"):
            return self.placed(name, *self._tensors[name])
        return super().weight(name)

    def product(self, given: str, weight: str, bias: str) -> str:
        """In 8-bit integers: rows by one factor, the matrix by one a column."""
        self.weights[weight] = self.weights[weight].model_copy(update={"integers": True})
        rounded = self.node("DynamicQuantizeLinear", given)
        self.nodes[-1].output.extend([f"{rounded}/scale", f"{rounded}/zero"])
        whole = self.node("MatMulInteger", rounded, weight, f"{rounded}/zero")
        scale = self.node("Mul", f"{rounded}/scale", f"{weight}/scale")
        found = self.node("Mul", self.node("Cast", whole, to=onnx.TensorProto.FLOAT), scale)
        return self.node("Add", found, bias)

    def _decoded(self, x: str, encoded: str, name: str) -> str:
        """One layer, pre-norm, of one token."""
        own = f"{name}/self_attention"
        value = self.product(
            self.normalised(x, f"{own}/layer_norm"),
            self._part(f"{own}/linear_0/weight", 2, 3, WIDTH, WIDTH),
            self._part(f"{own}/linear_0/bias", 2, 3, WIDTH),
        )
        x = self.node("Add", x, self.linear(value, f"{own}/linear_1"))
        x = self.node("Add", x, self._attended_to(x, encoded, f"{name}/attention"))
        inner = self.linear(self.normalised(x, f"{name}/ffn/layer_norm"), f"{name}/ffn/linear_0")
        return self.node("Add", x, self.linear(self.node("Gelu", inner), f"{name}/ffn/linear_1"))

    def _attended_to(self, x: str, encoded: str, name: str) -> str:
        """Attention to the frames. The keys' bias is the same for all of them, so it is left
        out."""
        query = self.linear(self.normalised(x, f"{name}/layer_norm"), f"{name}/linear_0")
        by_head = self.constant("one_row", [HEADS, 1, HEAD], np.int64)
        scale = self.constant("scale", HEAD**-0.5)
        query = self.node("Mul", self.node("Reshape", query, by_head), scale)
        keys = self._part(f"{name}/linear_1/weight", 0, 2, HEADS, HEAD, WIDTH)
        wanted = self.node("Squeeze", self.node("MatMul", query, keys), self._second())
        alike = self.node("Gemm", wanted, encoded, transB=1)
        mixed = self.node("MatMul", self.node("Softmax", alike, axis=-1), encoded)
        values = self._part(f"{name}/linear_1/weight", 1, 2, HEADS, HEAD, WIDTH)
        column = self.node("Unsqueeze", mixed, self.constant("last", [-1], np.int64))
        row = self.constant("row", [1, WIDTH], np.int64)
        value = self.node("Reshape", self.node("MatMul", values, column), row)
        bias = self._part(f"{name}/linear_1/bias", 1, 2, WIDTH)
        return self.linear(self.node("Add", value, bias), f"{name}/linear_2")

    def _second(self) -> str:
        return self.constant("second", [1], np.int64)
