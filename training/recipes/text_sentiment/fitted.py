"""The linear model of text sentiment: features as a matrix, a lexicon as prior knowledge, and the
graph that it becomes."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from earshot.models.metadata import TextSentimentMetadata, properties
from earshot.models.text.ngrams import key, values

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SCOPES = ("w", "n", "aw", "an", "bw", "bn")
"""Of features of words (``earshot.models.text.ngrams``): the lexicon has weights in each."""
STRENGTH = 30.0
"""Inverse strength of the regularisation; like the next two, chosen by the log loss on written
sentences out of fold, among nine choices."""
LEXICON = 0.5
"""Scale of the lexicon's columns beside the others."""
COMPOSED = 0.3
"""Weight of a composed sentence, of a written one 1."""


@dataclass(frozen=True)
class Lines:
    """Logits of a sentence: the sum of the weights of its features by their values, and a bias."""

    weights: dict[str, Floats]
    bias: Floats

    def logits(self, sentence: str) -> Floats:
        """Of shape (labels,)."""
        total = self.bias.copy()
        for name, value in values(sentence).items():
            if name in self.weights:
                total += value * self.weights[name]
        return total

    def without_twins(self) -> "Lines":
        """With one feature a hash: of those that share it, the one with the largest weight."""
        kept: dict[int, str] = {}
        for name, weight in self.weights.items():
            other = kept.get(key(name))
            if other is None or np.abs(weight).max() > np.abs(self.weights[other]).max():
                kept[key(name)] = name
        return Lines({name: self.weights[name] for name in kept.values()}, self.bias)


class Matrix:
    """The features of sentences; the columns of the lexicon come first: positive and negative
    valence by scope."""

    def __init__(self, texts: Sequence[str], lexicon: dict[str, float]) -> None:
        self.lexicon = lexicon
        self.columns: dict[str, int] = {}
        self.rows = self._rows(texts)

    def _rows(self, texts: Sequence[str]) -> sparse.csr_matrix:
        ahead = 2 * len(SCOPES)
        row, column, data = [], [], []
        for at, text in enumerate(texts):
            for name, value in values(text).items():
                row.append(at)
                column.append(ahead + self.columns.setdefault(name, len(self.columns)))
                data.append(value)
                scope, _, word = name.partition(":")
                valence = self.lexicon.get(word, 0.0) if scope in SCOPES else 0.0
                if valence:
                    row.append(at)
                    column.append(2 * SCOPES.index(scope) + (valence < 0))
                    data.append(LEXICON * abs(valence) * value)
        shape = (len(texts), ahead + len(self.columns))
        return sparse.csr_matrix((data, (row, column)), shape=shape)

    def lines(self, fitted: LogisticRegression) -> Lines:
        """The weights by feature, those of the lexicon's columns added to those of its words."""
        ahead = 2 * len(SCOPES)
        weights = {name: fitted.coef_[:, ahead + at] for name, at in self.columns.items()}
        for word, valence in self.lexicon.items():
            for at, scope in enumerate(SCOPES):
                prior = LEXICON * abs(valence) * fitted.coef_[:, 2 * at + (valence < 0)]
                name = f"{scope}:{word}"
                weights[name] = weights.get(name, 0.0) + prior
        return Lines(weights, fitted.intercept_)


def fit(rows: sparse.csr_matrix, truth: Ints, weight: Floats) -> LogisticRegression:
    """Each label has the same weight."""
    total = np.bincount(truth, weights=weight)
    balanced = weight / total[truth] * total.mean()
    return LogisticRegression(C=STRENGTH, max_iter=500).fit(rows, truth, sample_weight=balanced)


def save(lines: Lines, path: Path, about: TextSentimentMetadata) -> None:
    """Writes the graph: ``keys`` (features,) and ``values`` (features,) of one sentence in,
    ``logits`` (labels,) out. A feature that it does not know counts nothing."""
    from onnx import TensorProto, helper, numpy_helper
    from onnx import save as write

    table = np.stack([np.zeros_like(lines.bias), *lines.weights.values()]).astype(np.float16)
    keys = [key(name) for name in lines.weights]
    nodes = [
        helper.make_node(
            "LabelEncoder",
            ["keys"],
            ["at"],
            domain="ai.onnx.ml",
            keys_int64s=keys,
            values_int64s=list(range(1, len(keys) + 1)),
            default_int64=0,
        ),
        helper.make_node("Gather", ["weights", "at"], ["half"]),
        helper.make_node("Cast", ["half"], ["rows"], to=TensorProto.FLOAT),
        helper.make_node("MatMul", ["values", "rows"], ["sum"]),
        helper.make_node("Add", ["sum", "bias"], ["logits"]),
    ]
    graph = helper.make_graph(
        nodes,
        "text_sentiment",
        [
            helper.make_tensor_value_info("keys", TensorProto.INT64, ["features"]),
            helper.make_tensor_value_info("values", TensorProto.FLOAT, ["features"]),
        ],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [len(lines.bias)])],
        [
            numpy_helper.from_array(table, "weights"),
            numpy_helper.from_array(lines.bias.astype(np.float32), "bias"),
        ],
    )
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 2)]
    path.parent.mkdir(parents=True, exist_ok=True)
    model = helper.make_model(graph, opset_imports=opsets, ir_version=9)
    helper.set_model_props(model, properties(about))
    write(model, str(path))
