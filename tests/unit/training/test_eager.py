"""Torch runs every embedded network as ONNX Runtime does: what ``make bench`` compares with is the
same network."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("onnx")

from earshot.compute import onnx_runtime
from earshot.models.checkpoints.catalog import load
from earshot.models.checkpoints.location import MODELS
from earshot.registry import analyses
from trials.bench.eager import check, opened

EMBEDDED = MODELS / "embedded"
NETWORKS = sorted(
    MODELS / entry.uri
    for entry in load()
    if entry.kind == "embedded" and entry.analysis in analyses() and entry.analysis != "sentiment"
)


def inputs(path: Path, rows: int) -> np.ndarray:
    """Noise in the shape that the network wants; axes of any length get 96."""
    (wanted,) = onnx_runtime.session(path).get_inputs()
    shape = [size if isinstance(size, int) else 96 for size in wanted.shape[1:]]
    return np.random.default_rng(0).standard_normal((rows, *shape)).astype(np.float32)


@pytest.mark.parametrize("path", NETWORKS, ids=lambda path: path.stem)
@pytest.mark.parametrize("rows", [1, 5])
def test_torch_answers_as_onnx_runtime_does(path: Path, rows: int) -> None:
    check(path, opened(path), inputs(path, rows))


def test_an_operator_that_is_not_known_is_named() -> None:
    with pytest.raises(ValueError, match=r"lacks .*TreeEnsembleRegressor; add them"):
        opened(EMBEDDED / "sentiment.onnx")


def test_another_answer_is_refused() -> None:
    path = NETWORKS[0]
    network = opened(path)
    with pytest.raises(ValueError, match="away from ONNX Runtime"):
        check(path, lambda rows: network(rows) + 0.01, inputs(path, 1))
