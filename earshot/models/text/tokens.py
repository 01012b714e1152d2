"""Text sentiment by a network over tokens, exported to ONNX: a folder with ``model.onnx``,
``tokenizer.json`` and ``config.json``, as hubs lay one out. Needs no torch and no transformers."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from earshot.analysis.errors import Misconfigured
from earshot.compute import onnx_runtime
from earshot.models.scoring import Array, softmax
from earshot.models.text.model import TooLong

GRAPHS = ("model.onnx", "onnx/model.onnx")
"""Places of the graph in the folder; exporters write either."""
USUAL_TOKENS = 512
"""Limit of a model whose configuration states none."""
ROBERTA = ("roberta", "xlm-roberta", "camembert")
"""Model types whose table of positions has two rows before the first token."""


class Described:
    """What the configuration says that every checkpoint of the hub has in its folder."""

    languages = None

    def __init__(self, folder: Path) -> None:
        """
        Raises:
            Misconfigured: it lacks the labels, or is no configuration.
        """
        path = folder / "config.json"
        try:
            config: Mapping[str, Any] = json.loads(path.read_bytes())
            named = {int(index): str(name).lower() for index, name in config["id2label"].items()}
            self.labels = tuple(named[index] for index in range(len(named)))
        except (OSError, ValueError, KeyError, AttributeError) as error:
            raise Misconfigured(
                "checkpoint", f"{path} has no labels under id2label: {' '.join(str(error).split())}"
            ) from error
        most = int(config.get("max_position_embeddings") or USUAL_TOKENS)
        self.most = most - 2 if config.get("model_type") in ROBERTA else most


class OnnxTokens(Described):
    """Input ``input_ids``, ``attention_mask`` and, if the graph has them, ``token_type_ids``;
    output logits of shape (1, labels)."""

    def __init__(self, folder: Path) -> None:
        """
        Raises:
            Misconfigured: a file is missing or not what it should be.
        """
        from tokenizers import Tokenizer

        super().__init__(folder)
        graph = next((folder / name for name in GRAPHS if (folder / name).is_file()), None)
        if graph is None or not (folder / "tokenizer.json").is_file():
            raise Misconfigured(
                "checkpoint", f"{folder} needs model.onnx and tokenizer.json besides config.json"
            )
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self._session = onnx_runtime.session(graph)
        self._inputs = [each.name for each in self._session.get_inputs()]
        shape = self._session.get_outputs()[0].shape
        if isinstance(shape[-1], int) and shape[-1] != len(self.labels):
            raise Misconfigured(
                "labels", f"{graph} has {shape[-1]} outputs for {len(self.labels)} labels"
            )

    def shares(self, text: str) -> Array | None:
        found = self._tokenizer.encode(text)
        if len(found.ids) > self.most:
            raise TooLong
        rows = {
            "input_ids": found.ids,
            "attention_mask": found.attention_mask,
            "token_type_ids": found.type_ids,
        }
        feed = {name: np.array([rows[name]], np.int64) for name in self._inputs}
        logits: Array = self._session.run(None, feed)[0][0]
        return softmax(logits.astype(np.float32))
