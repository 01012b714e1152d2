"""Moonshine's decoder: graphs of this project for one row of tokens, over the weights of the wheel
(``training.recipes.rewritten.moonshine``)."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from earshot.analysis.errors import Misconfigured
from earshot.compute import onnx_runtime, placed_weights
from earshot.compute.placed_weights import Places
from earshot.compute.sound import Samples
from earshot.models.checkpoints.location import sha256

FILE = "decoder_model_merged.ort"
"""File of the wheel that has the weights."""
CROSS, STEP = "moonshine_cross.onnx", "moonshine_step.onnx"
"""What is computed once for a stretch, and for each of its tokens."""


class Decoder:
    """Both graphs over the weights of a folder."""

    def __init__(self, folder: Path) -> None:
        """Opens the graphs.

        Raises:
            Misconfigured: ``weights``, the folder has others than those of the wheel.
        """
        digest = sha256(folder / FILE)
        self._cross, self._step = (_opened(name, folder / FILE, digest) for name in (CROSS, STEP))
        self._sound = [put.name for put in self._cross.get_outputs()]
        self._outputs = [put.name for put in self._step.get_outputs()]
        self._empty = {
            put.name: np.zeros((*put.shape[:2], 0, put.shape[3]), np.float32)
            for put in self._step.get_inputs()
            if put.name.startswith("past_")
        }

    def begin(self, encoded: Samples) -> Callable[[Sequence[int]], Samples]:
        """What to call with the tokens of a text in turn, several or one: it returns the logits
        behind each, shape (given tokens, tokens). Keys and values, of the sound and of the text so
        far, stay in ONNX Runtime.

        Args:
            encoded: the encoder's output, shape (frames, 288).
        """
        value = onnx_runtime.library().OrtValue.ortvalue_from_numpy
        found = self._cross.run_with_ort_values(self._sound, {"encoded": value(encoded)})
        sound = dict(zip(self._sound, found, strict=True))
        state = {name: value(nothing) for name, nothing in self._empty.items()}
        before = 0

        def after(tokens: Sequence[int]) -> Samples:
            nonlocal before
            count = len(tokens)
            places = np.arange(before, before + count, dtype=np.float32)
            text = {
                "tokens": value(np.array(tokens)),
                "places": value(places[:, None]),
                "mask": value(_mask(before, count)),
            }
            logits, *now = self._step.run_with_ort_values(self._outputs, text | sound | state)
            state.update(
                (name.replace("now", "past"), each)
                for name, each in zip(self._outputs[1:], now, strict=True)
            )
            before += count
            rows: Samples = logits.numpy()
            return rows

        return after


def _mask(before: int, count: int) -> Samples:
    """What is added to the weights of attention, so that no token meets a later one; shape (given
    tokens, tokens so far), or one zero for a single token."""
    if count == 1:
        return np.zeros((1, 1), np.float32)
    later = np.full((count, before + count), -np.inf, np.float32)
    return np.triu(later, before + 1)


def _opened(name: str, weights: Path, digest: str) -> Any:
    graph = Path(__file__).with_name(name)
    places = Places.model_validate_json(graph.with_suffix(".json").read_bytes())
    if digest != places.sha256:
        raise Misconfigured("weights", f"{weights} has not the weights of Moonshine tiny's wheel")
    return placed_weights.session(graph, places.weights, [weights])
