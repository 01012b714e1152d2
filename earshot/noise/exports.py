"""Writes a network for deployment, as ONNX or TorchScript, after comparing its outputs with the
original's."""

from pathlib import Path
from typing import Any

import numpy as np

from earshot.compute import onnx_runtime
from earshot.models.metadata import WindowedMetadata
from earshot.noise.network import Network
from earshot.noise.torch_extractor import imported

TOLERANCE = 1e-3
"""Greatest difference of a logit between the original and its export."""

DESCRIBED = "metadata.json"


def write(network: Network, path: Path, form: str) -> float:
    """Writes ``path`` and returns the greatest difference of a logit on random windows, also stored
    in the metadata.

    Raises:
        ValueError: an unknown form, or the export's outputs differ from the original's.
    """
    writers = {"onnx": _onnx, "torchscript": _torchscript}
    if form not in writers:
        raise ValueError(f"no format {form}; there are {', '.join(writers)}")
    path.parent.mkdir(parents=True, exist_ok=True)
    network.module.to("cpu")  # a service on another device moves it there again
    return writers[form](network, path)


def _onnx(network: Network, path: Path) -> float:
    from earshot.models.checkpoints.export import describe, export_torch

    windows = _windows(network)
    network.module.eval()
    export_torch(network.module, path, windows.numpy(), ("log_mel", "noise_logits"))
    session = onnx_runtime.session(path)
    (found,) = session.run(None, {"log_mel": windows.numpy()})
    parity = _parity(network, windows, found)
    describe(path, network.metadata().model_copy(update={"parity": parity}))
    return float(parity["greatest_difference"])


def _torchscript(network: Network, path: Path) -> float:
    torch = imported()
    windows = _windows(network)
    network.module.eval()
    with torch.no_grad():
        script = torch.jit.freeze(torch.jit.trace(network.module, windows).eval())
        parity = _parity(network, windows, script(windows).numpy())
    metadata = network.metadata().model_copy(update={"parity": parity})
    described = metadata.model_dump_json(exclude_unset=True)
    script.save(str(path), _extra_files={DESCRIBED: described})
    return float(parity["greatest_difference"])


def read_torchscript(path: Path, device: str = "cpu") -> tuple[Any, WindowedMetadata]:
    """The traced network, its weights on the device, and its metadata."""
    extra = {DESCRIBED: ""}
    script = imported().jit.load(str(path), map_location=device, _extra_files=extra)
    return script, WindowedMetadata.model_validate_json(extra[DESCRIBED])


def _windows(network: Network) -> Any:
    """Two windows of noise at the level of ordinary audio; another number than the network will
    receive, since the axis is free."""
    config = network.features
    generator = imported().Generator().manual_seed(0)
    return (
        imported().randn(
            2, config.spectrogram_height, config.spectrogram_width, generator=generator
        )
        * 3
        - 6
    )


def _parity(network: Network, windows: Any, found: Any) -> dict[str, Any]:
    distance = float(np.abs(network.logits(windows) - np.asarray(found)).max())
    if not distance <= TOLERANCE:
        raise ValueError(
            f"the export is {distance:.4f} away from the trained network; do not ship it"
        )
    return {
        "greatest_difference": distance,
        "windows": len(windows),
        "of": "logits",
        "tolerance": TOLERANCE,
    }
