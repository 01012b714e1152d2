"""A torch network with all parameters of its answers, and its file format ``.pth``."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from earshot.compute.optional_packages import needed_by
from earshot.models.metadata import WindowedMetadata
from earshot.models.sound.noise import UNTRAINED
from earshot.noise.config import NOISE_CATEGORIES_V2, AudioFeatureConfig, ModelConfig
from earshot.noise.torch_extractor import imported

TRAINED = "v2"

KEPT = ("labels", "version", "temperature", "first_weights")


@dataclass
class Network:
    """A network to train, save and export."""

    module: Any  # torch.nn.Module: log-mel windows (batch, bands, frames) to logits
    features: AudioFeatureConfig
    model: ModelConfig
    labels: tuple[str, ...]
    first_weights: str
    """Origin of the initial weights (C-36)."""
    version: str = UNTRAINED
    temperature: float = 1.0

    def logits(self, windows: Any) -> NDArray[np.float32]:
        """Logits of a tensor of shape (windows, bands, frames); shape (windows, labels)."""
        torch = imported()
        self.module.eval()
        with torch.no_grad():
            return np.asarray(self.module(windows).cpu().numpy(), np.float32)

    def metadata(self) -> WindowedMetadata:
        """The metadata of an export."""
        bands = self.features.n_mels
        return WindowedMetadata(
            labels=self.labels,
            window=self.features.window(),
            mean=(0.0,) * bands,  # the network itself standardises its input
            std=(1.0,) * bands,
            temperature=self.temperature,
            model_version=self.version,
            architecture=self.model.architecture,
            first_weights=self.first_weights,
        )


def untrained(
    model: ModelConfig, features: AudioFeatureConfig, labels: tuple[str, ...] = NOISE_CATEGORIES_V2
) -> Network:
    """Creates an untrained network. If ``num_classes`` differs from the number of labels, labels
    are numbers.

    Raises:
        Misconfigured: torch or transformers is not installed; the message gives the remedy.
    """
    torch = imported()
    with needed_by("the network", "train"):
        from earshot.noise.nets import EfficientNetNoise, Standardised

    if len(labels) != model.num_classes:
        labels = tuple(str(number) for number in range(model.num_classes))
    with needed_by("the network", "train"):
        inner = EfficientNetNoise(
            model.architecture, model.num_classes, model.dropout, model.pretrained
        )
    bands = (features.n_mels, 1)
    # Until training measures them: the typical log level of ordinary audio.
    module = Standardised(inner, torch.full(bands, -6.0), torch.full(bands, 4.0)).eval()
    return Network(module, features, model, labels, inner.first_weights)


def save(network: Network, path: Path) -> None:
    """Writes weights and description; neither is a pickle of code."""
    described = {name: getattr(network, name) for name in KEPT}
    described |= {"features": asdict(network.features), "model": asdict(network.model)}
    path.parent.mkdir(parents=True, exist_ok=True)
    imported().save(
        {"weights": network.module.state_dict(), "described": json.dumps(described)}, path
    )


def load(path: Path) -> Network:
    """Reads a file written by ``save``.

    Raises:
        ValueError: another file.
    """
    stored = imported().load(path, map_location="cpu", weights_only=True)
    if not isinstance(stored, dict) or "described" not in stored:
        raise ValueError(
            f"{path} holds weights without a description, as they are kept of a module of your own;"
            " load those with torch, and what this service is to open write with"
            " NoiseClassifierService.save"
        )
    described = json.loads(stored["described"])
    model = ModelConfig(**{**described.pop("model"), "pretrained": False})
    network = untrained(
        model, AudioFeatureConfig(**described.pop("features")), tuple(described["labels"])
    )
    network.module.load_state_dict(stored["weights"])
    network.first_weights, network.version = described["first_weights"], described["version"]
    network.temperature = float(described["temperature"])
    return network
