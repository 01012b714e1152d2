"""Text sentiment of the embedded checkpoint: a linear model over n-grams."""

from dataclasses import dataclass

import numpy as np

from earshot.analysis.types import Release
from earshot.models.metadata import TextSentimentMetadata
from earshot.models.onnx_model import OnnxModel, check_features, open_model
from earshot.models.options import Options
from earshot.models.scoring import Array, softmax
from earshot.models.text.ngrams import FEATURES, key, sentences, tokens, values


@dataclass(frozen=True)
class LinearText:
    """Input ``keys`` and ``values`` of the features of one sentence, output its logits."""

    onnx: OnnxModel
    temperature: float
    languages: tuple[str, ...] | None

    @property
    def labels(self) -> tuple[str, ...]:
        return self.onnx.labels

    def shares(self, text: str) -> Array | None:
        """Shares of shape (labels,): of the sentences, weighted by their words. None if the text
        has no words."""
        total, weights = np.zeros(len(self.labels), np.float32), 0
        for sentence in sentences(text):
            words = sum(token.isalpha() or token == "#" for token in tokens(sentence))
            if words:
                total += words * softmax(self.logits(sentence), self.temperature)
                weights += words
        return total / np.float32(weights) if weights else None

    def logits(self, sentence: str) -> Array:
        """Of shape (labels,)."""
        found = values(sentence)
        (logits,) = self.onnx.session.run(
            ["logits"],
            {
                "keys": np.array([key(name) for name in found], np.int64),
                "values": np.array(list(found.values()), np.float32),
            },
        )
        answer: Array = logits
        return answer


def open_linear(release: Release, device: str, options: Options) -> LinearText:
    """Opens the checkpoint; always on the CPU.

    Raises:
        Misconfigured: as ``open_model``, or it was trained on other features than this version
            computes.
    """
    onnx = open_model(release, options)
    found = onnx.metadata(TextSentimentMetadata)
    check_features(release, found.features, FEATURES)
    return LinearText(onnx, found.temperature, found.languages)
