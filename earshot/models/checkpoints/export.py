"""Writes checkpoints as ONNX with all that a worker must know inside, and proves that they answer
as the original did."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray

from earshot.audio.features.windows import WindowSpec
from earshot.compute import onnx_runtime

Floats = NDArray[np.float32]


def export_torch(net: torch.nn.Module, path: Path, example: Floats, names: tuple[str, str]) -> None:
    """Write a network with a free batch axis; ``names`` are those of its input and output."""
    path.parent.mkdir(parents=True, exist_ok=True)
    net.eval()
    axes = {names[0]: {0: "batch"}, names[1]: {0: "batch"}}
    torch.onnx.export(
        net, (torch.from_numpy(example),), str(path), input_names=[names[0]],
        output_names=[names[1]], dynamic_axes=axes, dynamo=False,
    )  # fmt: skip
    with torch.no_grad():
        expected = net(torch.from_numpy(example)).numpy()
    check_parity(path, example, {names[1]: expected})


def describe(path: Path, **metadata: Any) -> None:
    """Add entries to the checkpoint's metadata, each as JSON."""
    model = onnx.load(str(path))
    kept = {prop.key: prop.value for prop in model.metadata_props}
    kept |= {key: json.dumps(value) for key, value in metadata.items()}
    onnx.helper.set_model_props(model, kept)
    onnx.save(model, str(path))


def window_metadata(
    labels: tuple[str, ...], spec: WindowSpec, mean: Floats, std: Floats, temperature: float
) -> dict[str, Any]:
    """What ``earshot.models.sound.windowed`` reads."""
    numbers = {
        key: [round(float(x), 5) for x in value] for key, value in (("mean", mean), ("std", std))
    }
    return {"labels": labels, "window": asdict(spec), "temperature": temperature, **numbers}


def check_parity(
    path: Path, inputs: Floats, expected: dict[str, Floats], tolerance: float = 1e-3
) -> None:
    """Compare ONNX Runtime with the trained original.

    Raises:
        ValueError: an output is further than ``tolerance`` from what the original answers.
    """
    session = onnx_runtime.session(path)
    for name, wanted in expected.items():
        (found,) = session.run([name], {session.get_inputs()[0].name: inputs})
        distance = float(np.abs(found - wanted).max())
        if distance > tolerance:
            raise ValueError(
                f"{path}: output {name} is {distance:.4f} away from the trained model; do not ship"
                " this export"
            )
