"""Writes a network as ``.mlmodel`` and ``.mlpackage``, and compares both with it."""

import contextlib
import io
import json
import logging
import sys
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from training.trainers.coreml import evaluated
from training.trainers.data.features import Floats
from training.trainers.exports import TOLERANCE, into

OTHERS = ("sklearn", "transformers", "xgboost", "tensorflow")
"""Packages that coremltools imports if they are there; it converts their models, too."""
COMPARED = 4
"""Windows that both files are compared on."""


def write(
    net: nn.Module,
    example: Floats,
    names: tuple[str, str],
    described: Mapping[str, Any],
    mlmodel: Path,
    mlpackage: Path,
) -> None:
    """Traces the network and writes both files, in float32, for one window at a time.

    Args:
        example: windows, shape (windows, bands, frames).
        names: of input and output.
        described: stored in the files' metadata, each value as JSON.

    Raises:
        ValueError: a file differs from the network by more than ``TOLERANCE``.
    """
    net.eval()
    with torch.no_grad():
        expected = net(torch.from_numpy(example[:COMPARED])).numpy()
        traced = torch.jit.trace(net, torch.from_numpy(example[:1]))
    for path, kind in ((mlmodel, "neuralnetwork"), (mlpackage, "mlprogram")):
        with into(path) as made:
            _write(traced, made, kind, names, example.shape[1:], expected.shape[1], described)
            _check(made, names, example[:COMPARED], expected)


def _write(
    traced: Any,
    path: Path,
    kind: str,
    names: tuple[str, str],
    shape: tuple[int, ...],
    labels: int,
    described: Mapping[str, Any],
) -> None:
    with silent(), without(*OTHERS):
        import coremltools as ct

        # mlprogram would be float16, 1e-2 away.
        precision = {"compute_precision": ct.precision.FLOAT32} if kind == "mlprogram" else {}
        model = ct.convert(
            traced,
            inputs=[ct.TensorType(name=names[0], shape=(1, *shape), dtype=np.float32)],
            outputs=[ct.TensorType(name=names[1])],
            convert_to=kind,
            **precision,
        )
        spec = model.get_spec()
        answer = spec.description.output[0].type.multiArrayType
        if not answer.shape:  # a neuralnetwork's is left empty
            answer.shape.extend([1, labels])
            answer.dataType = spec.description.input[0].type.multiArrayType.dataType
        for name, value in described.items():
            spec.description.metadata.userDefined[name] = json.dumps(value)
        ct.utils.save_spec(spec, str(path), weights_dir=model.weights_dir)


def _check(path: Path, names: tuple[str, str], windows: Floats, expected: Floats) -> None:
    model = evaluated.opened(path)
    for window, wanted in zip(windows, expected, strict=True):
        found = model.run({names[0]: window[None]})[names[1]]
        distance = float(np.abs(found[0] - wanted).max())
        if not distance <= TOLERANCE:
            raise ValueError(
                f"{path.name}: {names[1]} is {distance:.6f} away from the trained network; do not"
                " ship this export"
            )


@contextlib.contextmanager
def silent() -> Iterator[None]:
    """Without what coremltools prints: on Linux its import names seven libraries that are Apple's,
    and conversion draws bars and warns of every torch that it was not tested with. An error is
    raised all the same."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with (
            warnings.catch_warnings(),
            contextlib.redirect_stderr(io.StringIO()),
            contextlib.redirect_stdout(io.StringIO()),
        ):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


@contextlib.contextmanager
def without(*packages: str) -> Iterator[None]:
    """As if these packages were not installed, unless they are imported already: each takes
    seconds."""
    hidden = [name for name in packages if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]  # None: no such module
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]
