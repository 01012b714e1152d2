"""Weights of the emotion network as files: ``best_model.pth``, and exports of it."""

import io
import pickle
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from earshot.analysis.errors import Misconfigured
from earshot.audio.features.windows import WindowSpec
from earshot.models.metadata import WindowedMetadata, read
from training.fitting.nets import EmotionNet
from training.trainers.data.features import Floats
from training.trainers.whole_files import replace


@dataclass(frozen=True)
class Weights:
    """Convolutions and the last layer, with the normalisations folded into them or beside them."""

    spec: WindowSpec
    labels: tuple[str, ...]
    mean: Floats
    std: Floats
    state: dict[str, Tensor] | None
    """Of ``EmotionNet``; None: folded."""
    folded: tuple[tuple[Tensor, Tensor], ...] = ()
    """Weight and bias of each convolution of an export, then of the last layer."""

    def into(self, net: EmotionNet, labels: tuple[str, ...]) -> None:
        """Copies the weights; of the last layer the rows of labels that both know.

        Raises:
            Misconfigured: ``base``, they are of another network.
        """
        fc = (self.state["fc.weight"], self.state["fc.bias"]) if self.state else self.folded[-1]
        with torch.no_grad():
            try:
                self._body(net)
                for row, label in enumerate(labels):
                    if label in self.labels:
                        net.fc.weight[row] = fc[0][self.labels.index(label)]
                        net.fc.bias[row] = fc[1][self.labels.index(label)]
            except (RuntimeError, ValueError) as error:
                raise Misconfigured(
                    "base", f"the checkpoint is of another network than the one of [001]: {error}"
                ) from error

    def _body(self, net: EmotionNet) -> None:
        if self.state is not None:
            body = {k: v for k, v in self.state.items() if not k.startswith("fc.")}
            net.load_state_dict(body, strict=False)
            return
        layers = [each for each in net.modules() if isinstance(each, nn.Conv1d)]
        norms = [each for each in net.modules() if isinstance(each, nn.BatchNorm1d)]
        for layer, norm, (weight, bias) in zip(layers, norms, self.folded[:-1], strict=True):
            layer.weight.copy_(weight)
            norm.running_var.fill_(1 - norm.eps)
            norm.bias.copy_(bias)


def write_weights(path: Path, net: nn.Module, metadata: WindowedMetadata) -> None:
    """Writes weights and what belongs to them; neither is a pickle of code."""
    buffer = io.BytesIO()
    described = metadata.model_dump_json(exclude_unset=True)
    torch.save({"weights": net.state_dict(), "described": described}, buffer)
    replace(path, buffer.getvalue())


def read_weights(path: Path) -> Weights:
    """The weights of ``best_model.pth``, or of an ONNX export.

    Raises:
        Misconfigured: ``base``, the file is neither.
    """
    beside = path.with_name("best_model.pth")
    if path.suffix == ".onnx" and beside.is_file():
        path = beside
    if path.suffix == ".onnx":
        return _exported(path)
    try:
        stored = torch.load(path, map_location="cpu", weights_only=True)
        metadata = WindowedMetadata.model_validate_json(stored["described"])
    except (KeyError, TypeError, ValueError, RuntimeError, pickle.UnpicklingError) as error:
        raise Misconfigured("base", f"{path} is no best_model.pth of `earshot train`") from error
    return _weights(metadata, stored["weights"], ())


def _exported(path: Path) -> Weights:
    import onnx
    from onnx import numpy_helper

    model = onnx.load(str(path))
    found = {prop.key: prop.value for prop in model.metadata_props}
    values = {
        each.name: torch.from_numpy(numpy_helper.to_array(each).copy())
        for each in model.graph.initializer
    }
    layers = [each.input[1:3] for each in model.graph.node if each.op_type in ("Conv", "Gemm")]
    if any(len(each) < 2 or not set(each) <= values.keys() for each in layers) or not layers:
        raise Misconfigured("base", f"{path} is of another network than the one of [001]")
    folded = tuple((values[weight], values[bias]) for weight, bias in layers)
    return _weights(read(WindowedMetadata, found, path.name), None, folded)


def _weights(
    metadata: WindowedMetadata,
    state: dict[str, Tensor] | None,
    folded: tuple[tuple[Tensor, Tensor], ...],
) -> Weights:
    mean, std = (np.array(each, np.float32) for each in (metadata.mean, metadata.std))
    return Weights(metadata.window, metadata.labels, mean, std, state, folded)
