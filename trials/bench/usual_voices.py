"""Sentiment of utterances in a conventional implementation: librosa's features, and scikit-learn's
models."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import librosa
import numpy as np
import onnx
from onnx import numpy_helper
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

CHECKPOINT = (
    Path(__file__).resolve().parents[2] / "earshot" / "models" / "embedded" / "sentiment.onnx"
)
RATE = 16_000
WIDTH = 216
"""Number of features of an utterance."""


def analysis() -> Callable[[np.ndarray, dict[str, Any]], object]:
    """MFCC statistics and prosody of every utterance of a chunk, then an SVM for customers and a
    random forest for agents, for all utterances of a role at once."""
    models = _models()

    def analyse(sound: np.ndarray, chunk: dict[str, Any]) -> object:
        rows: dict[str, list[np.ndarray]] = {role: [] for role in models}
        for channel, start_ms, end_ms in chunk["speech"]:
            first, last = ((at - chunk["start_ms"]) * RATE // 1000 for at in (start_ms, end_ms))
            features = _described(sound[channel, first:last])
            for role in [chunk["roles"][channel]] if chunk["roles"] else models:
                rows[role].append(features)
        return {role: _asked(models[role], np.stack(each)) for role, each in rows.items() if each}

    return analyse


def _asked(model: Pipeline, rows: np.ndarray) -> np.ndarray:
    scores: np.ndarray = (
        model.predict(rows)
        if isinstance(model[-1], RandomForestRegressor)
        else model.decision_function(rows)
    )
    return scores


def _described(sound: np.ndarray) -> np.ndarray:
    """Features of an utterance. Pitch is ``yin``, the cheaper of librosa's two by far."""
    sound = np.pad(sound, (0, max(1024 - len(sound), 0)))
    coefficients = librosa.feature.mfcc(
        y=sound, sr=RATE, n_mfcc=40, n_fft=512, win_length=400, hop_length=160, n_mels=64
    )
    steps = np.abs(np.diff(coefficients, axis=1))
    low, high = np.percentile(coefficients, [10, 90], axis=1)
    statistics = [
        coefficients.mean(axis=1),
        coefficients.std(axis=1),
        low,
        high,
        steps.mean(axis=1),
    ]
    pitch = librosa.yin(sound, fmin=60, fmax=420, sr=RATE, frame_length=1024, hop_length=160)
    level = librosa.feature.rms(y=sound, frame_length=400, hop_length=160)[0]
    crossings = librosa.feature.zero_crossing_rate(sound, frame_length=400, hop_length=160)[0]
    prosody = [
        f(each)
        for each in (pitch, level, crossings)
        for f in (np.mean, np.std, np.min, np.max, np.median)
    ]
    return np.concatenate(
        [*statistics, np.asarray(prosody, np.float32), [len(sound) / RATE]]
    ).astype(np.float32)


def _models() -> dict[str, Pipeline]:
    """Models with as many support vectors, classes, trees and leaves as the checkpoint has. Their
    training data does not affect their speed, so they are fitted on random numbers: every row then
    becomes a support vector."""
    vectors, components, classes = _machine()
    trees, leaves, labels = _forest()
    numbers = np.random.default_rng(0)
    rows, truth = numbers.standard_normal((vectors, WIDTH)), numbers.integers(0, classes, vectors)
    machine = make_pipeline(
        StandardScaler(), PCA(components, random_state=0), SVC(random_state=0)
    ).fit(rows, truth)
    grown = RandomForestRegressor(trees, max_leaf_nodes=leaves, max_features=24, random_state=0)
    forest = make_pipeline(StandardScaler(), grown).fit(rows, numbers.random((vectors, labels)))
    return {"customer": machine, "agent": forest}


def _machine() -> tuple[int, int, int]:
    """Support vectors, their size, and classes: each pair of classes has a weight for every
    vector."""
    sizes = [
        numpy_helper.to_array(each).shape for each in onnx.load(str(CHECKPOINT)).graph.initializer
    ]
    components, vectors = max(sizes, key=lambda size: int(np.prod(size)))
    (pairs,) = {size[1] for size in sizes if len(size) == 2 and size[0] == vectors}
    return vectors, components, round((1 + np.sqrt(1 + 8 * pairs)) / 2)


def _forest() -> tuple[int, int, int]:
    """Trees, leaves of each, and values in a leaf."""
    nodes = {node.op_type: node for node in onnx.load(str(CHECKPOINT)).graph.node}
    known = {
        each.name: onnx.helper.get_attribute_value(each)
        for each in nodes["TreeEnsembleRegressor"].attribute
    }
    trees = max(known["nodes_treeids"]) + 1
    return trees, round(list(known["nodes_modes"]).count(b"LEAF") / trees), known["n_targets"]
