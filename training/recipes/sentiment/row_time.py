"""Measures the time of one row in ONNX Runtime and in scikit-learn, alternating in one process."""

import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from earshot.compute import onnx_runtime
from training.fitting.crossval import Floats
from training.importers.role_graph import join_roles
from training.recipes.sentiment.role_models import RoleModel

ROUNDS, ROWS = 5, 40


def section(models: Mapping[str, RoleModel], features: Floats) -> str:
    """For a model card: the median of each, single rows, one thread."""
    lines = ["| role | ONNX Runtime | scikit-learn |", "|---|---|---|"]
    with tempfile.TemporaryDirectory() as folder:
        for role, model in models.items():
            onnx, sklearn = medians(model, role, Path(folder) / f"{role}.onnx", features)
            lines.append(f"| {role} | {onnx * 1000:.3f} ms | {sklearn * 1000:.2f} ms |")
    table = "\n".join(lines)
    return f"""## Time of one utterance

The same model and row on one thread, medians of {ROUNDS * ROWS}, by turns of {ROWS}, measured
when this card was
written:

{table}"""


def medians(model: RoleModel, role: str, path: Path, features: Floats) -> tuple[float, float]:
    """Seconds of ONNX Runtime and of scikit-learn for a row."""
    join_roles({role: model.part(role)}, features.shape[1], path)
    session = onnx_runtime.session(path)
    taken: tuple[list[float], list[float]] = ([], [])
    ways = (lambda row: session.run(None, {"features": row})), model.scores
    for _ in range(ROUNDS):
        for way, times in zip(ways, taken, strict=True):
            way(features[:1])  # neither is charged for cache misses caused by the other
            times += [_seconds(way, features[i : i + 1]) for i in range(ROWS)]
    return float(np.median(taken[0])), float(np.median(taken[1]))


def _seconds(way: Callable[[Floats], object], row: Floats) -> float:
    before = time.perf_counter()
    way(row)
    return time.perf_counter() - before
