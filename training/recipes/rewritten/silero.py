"""Writes the graph of Silero VAD (v6) as products of matrices. The file that carries its weights
has convolutions over four frames each, which ONNX Runtime computes window by window.

python -m training.recipes.rewritten.silero --out earshot/audio/speech
"""

import argparse
from hashlib import sha256
from pathlib import Path

import onnx
from onnx import numpy_helper

from earshot.audio.speech.vad import CONTEXT, GRAPH, STATE_SHAPE, WINDOW, weights_file
from training.importers.placed_graph import PlacedGraph, floats

FRAME, HOP, FRAMES = 256, 128, 4
"""Samples of a frame of the transform and between two of them, and frames of a window."""
BINS = FRAME // 2 + 1
TAPS = 3
WIDTHS = (128, 64, 64, 128)
"""Outputs of the convolutions; the second and the third one halve the frames: 4, 4, 2, 1."""
STATE = STATE_SHAPE[-1]


class Silero(PlacedGraph):
    """Collects the nodes."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._content = path.read_bytes()
        tensors = onnx.load_from_string(self._content).graph.initializer
        self._tensors = {each.name: numpy_helper.to_array(each) for each in tensors}

    def build(self) -> onnx.ModelProto:
        """From windows with their context, shape (windows, 576), and the state of the LSTM."""
        x = self._magnitudes("input")
        x = self._convolved(x, 0, BINS, FRAMES, before=1, after=1, stride=1)
        x = self._convolved(x, 1, WIDTHS[0], FRAMES, before=1, after=0, stride=2)
        x = self._of_the_middle(self._of_two(x, 2), 3)
        shares = self._remembered(x)
        self.named("speech_probs", "Reshape", self.node("Sigmoid", shares), self.whole(-1))
        state = dict.fromkeys(("h", "c"), STATE_SHAPE)
        windows = {"input": ("windows", CONTEXT + WINDOW)}
        after = {f"{name}n": shape for name, shape in state.items()}
        return self.model("silero", floats(windows | state), {"speech_probs": ["windows"], **after})

    def digest(self) -> str:
        """Of the file that has the weights."""
        return sha256(self._content).hexdigest()

    def _weight(self, name: str) -> str:
        return self.found(name, self._content, self._tensors[name])

    def _magnitudes(self, windows: str) -> str:
        """Of the short-time transform, one row a frame."""
        padded = self.node("Pad", windows, self.whole(0, 0, 0, CONTEXT), mode="reflect")
        frames = self._side_by_side(padded, [(at * HOP, at * HOP + FRAME) for at in range(FRAMES)])
        basis = self.node(
            "Reshape",
            self._weight("encoder.feature_extractor.forward_basis_buffer"),
            self.whole(2 * BINS, FRAME),
        )
        rows = self.node("Reshape", frames, self.whole(-1, FRAME))
        parts = self.halves(self.node("Gemm", rows, basis, transB=1), BINS, axis=1)
        squares = [self.node("Mul", part, part) for part in parts]
        return self.node("Sqrt", self.node("Add", *squares))

    def _convolved(
        self, x: str, number: int, width: int, frames: int, before: int, after: int, stride: int
    ) -> str:
        """A convolution over frames of a window: rows of ``TAPS`` frames, times its taps."""
        windows = self.node("Reshape", x, self.whole(-1, frames * width))
        padded = self.node("Pad", windows, self.whole(0, before * width, 0, after * width))
        firsts = range(0, before + frames + after - TAPS + 1, stride)
        spans = [(first * width, (first + TAPS) * width) for first in firsts]
        rows = self.node("Reshape", self._side_by_side(padded, spans), self.whole(-1, TAPS * width))
        taps = self.node("Transpose", self._taps(number), perm=[2, 1, 0])
        matrix = self.node("Reshape", taps, self.whole(TAPS * width, WIDTHS[number]))
        return self._layer(rows, matrix, number)

    def _of_two(self, x: str, number: int) -> str:
        """A convolution around the first of two frames: the tap before it meets nothing."""
        width = WIDTHS[number - 1]
        rows = self.node("Reshape", x, self.whole(-1, 2 * width))
        both = self._cut(self._taps(number), 1, TAPS, axis=2)
        taps = self.node("Transpose", both, perm=[2, 1, 0])
        matrix = self.node("Reshape", taps, self.whole(2 * width, WIDTHS[number]))
        return self._layer(rows, matrix, number)

    def _of_the_middle(self, x: str, number: int) -> str:
        """A convolution around a single frame."""
        middle = self._cut(self._taps(number), 1, 2, axis=2)
        matrix = self.node("Transpose", self.node("Squeeze", middle, self.whole(2)), perm=[1, 0])
        return self._layer(x, matrix, number)

    def _remembered(self, x: str) -> str:
        """The LSTM over the windows, and the output."""
        weights = [self._weight(f"onnx::LSTM_{number}") for number in (209, 210, 211)]
        sequence = self.node("Unsqueeze", x, self.whole(1))
        self.nodes.append(
            onnx.helper.make_node(
                "LSTM", [sequence, *weights, "", "h", "c"], ["y", "hn", "cn"], hidden_size=STATE
            )
        )
        rows = self.node("Reshape", self.node("Relu", "y"), self.whole(-1, STATE))
        matrix = self.node("Reshape", self._weight("decoder.conv1d.weight"), self.whole(STATE, 1))
        return self.node("Gemm", rows, matrix, self._weight("decoder.conv1d.bias"))

    def _taps(self, number: int) -> str:
        return self._weight(f"encoder.conv_layers.{number}.weight")

    def _layer(self, rows: str, matrix: str, number: int) -> str:
        bias = self._weight(f"encoder.conv_layers.{number}.bias")
        return self.node("Relu", self.node("Gemm", rows, matrix, bias))

    def _side_by_side(self, x: str, spans: list[tuple[int, int]]) -> str:
        return self.node("Concat", *(self._cut(x, *span, axis=1) for span in spans), axis=1)

    def _cut(self, x: str, start: int, end: int, axis: int) -> str:
        return self.node("Slice", x, self.whole(start), self.whole(end), self.whole(axis))


def main(out: Path) -> None:
    """Writes the graph and the places of its weights."""
    graph = Silero(weights_file())
    graph.write(out / GRAPH, graph.build(), graph.digest())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    main(parser.parse_args().out)
