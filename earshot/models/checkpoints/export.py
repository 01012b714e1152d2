"""Writes checkpoints as ONNX with their metadata, and compares their outputs with the
original's."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray

from earshot.audio.features.windows import WindowSpec
from earshot.compute import onnx_runtime
from earshot.models.metadata import Metadata, WindowedMetadata, properties, read

Floats = NDArray[np.float32]

OPSET = 20
"""Of ONNX's operators, that of torch 2.11's exporter of traced networks."""


def export_torch(
    net: torch.nn.Module,
    path: Path,
    example: Floats,
    names: tuple[str, str],
    tolerance: float = 1e-3,
) -> None:
    """Writes a network with a free batch axis; ``names`` are those of its input and output.

    Raises:
        ValueError: an output differs by more than ``tolerance``.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    net.eval()
    axes = {names[0]: {0: "batch"}, names[1]: {0: "batch"}}
    torch.onnx.export(
        net, (torch.from_numpy(example),), str(path), input_names=[names[0]],
        output_names=[names[1]], dynamic_axes=axes, dynamo=False, opset_version=OPSET,
    )  # fmt: skip
    with torch.no_grad():
        expected = net(torch.from_numpy(example)).numpy()
    check_parity(path, example, {names[1]: expected}, tolerance)


def describe(path: Path, metadata: Metadata) -> None:
    """Writes the metadata of a checkpoint; other properties of the file stay."""
    model = onnx.load(str(path))
    kept = {prop.key: prop.value for prop in model.metadata_props}
    onnx.helper.set_model_props(model, kept | properties(metadata))
    onnx.save(model, str(path))


def redescribe(path: Path, kind: type[Metadata], **changes: object) -> None:
    """Changes keys of a checkpoint's metadata.

    Raises:
        Misconfigured: it has no metadata of that kind, or a change is invalid.
    """
    found = {prop.key: prop.value for prop in onnx.load(str(path)).metadata_props}
    found |= {key: json.dumps(value) for key, value in changes.items()}
    describe(path, read(kind, found, path.name))


def window_metadata(
    labels: tuple[str, ...],
    spec: WindowSpec,
    mean: Floats,
    std: Floats,
    temperature: float,
    **further: Any,
) -> WindowedMetadata:
    """The metadata of a network over windows.

    Args:
        mean: shape (bands,), as ``std``.
        further: optional keys of ``WindowedMetadata``.
    """
    return WindowedMetadata(
        labels=labels,
        window=spec,
        mean=tuple(round(float(x), 5) for x in mean),
        std=tuple(round(float(x), 5) for x in std),
        temperature=temperature,
        **further,
    )


def check_parity(
    path: Path,
    inputs: Floats,
    expected: dict[str, Floats],
    tolerance: float = 1e-3,
    compared: Callable[[Floats], Floats] = np.asarray,
) -> None:
    """Compares ONNX Runtime with the trained original.

    Args:
        compared: applied to both before the comparison.

    Raises:
        ValueError: an output differs by more than ``tolerance``.
    """
    session = onnx_runtime.session(path)
    for name, wanted in expected.items():
        (found,) = session.run([name], {session.get_inputs()[0].name: inputs})
        distance = float(np.abs(compared(found) - compared(wanted)).max())
        if distance > tolerance:
            raise ValueError(
                f"{path}: output {name} is {distance:.4f} away from the trained model; do not ship"
                " this export"
            )
