"""A torch network together with everything that its answers depend on, and its file form
``.pth``."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from earshot.compute.optional_packages import needed_by
from earshot.models.sound.noise import UNTRAINED
from earshot.noise.config import NOISE_CATEGORIES_V2, AudioFeatureConfig, ModelConfig
from earshot.noise.torch_extractor import imported

TRAINED = "v2"

KEPT = ("labels", "version", "temperature", "first_weights")


@dataclass
class Network:
    """What is trained, saved and exported as one."""

    module: Any  # torch.nn.Module: log-mel windows (batch, bands, frames) to logits
    features: AudioFeatureConfig
    model: ModelConfig
    labels: tuple[str, ...]
    first_weights: str
    """Where the weights came from that training began with (C-36)."""
    version: str = UNTRAINED
    temperature: float = 1.0

    def logits(self, windows: Any) -> NDArray[np.float32]:
        """Of a tensor of shape (windows, bands, frames); shape (windows, labels)."""
        torch = imported()
        self.module.eval()
        with torch.no_grad():
            return np.asarray(self.module(windows).cpu().numpy(), np.float32)

    def metadata(self) -> dict[str, Any]:
        """What ``earshot.models.sound.windowed`` reads out of an export, and what a person should
        know of it."""
        bands = self.features.n_mels
        return {
            "labels": self.labels,
            "window": asdict(self.features.window()),
            "mean": [0.0] * bands,  # the network itself standardises its input
            "std": [1.0] * bands,
            "temperature": self.temperature,
            "model_version": self.version,
            "architecture": self.model.architecture,
            "first_weights": self.first_weights,
        }


def untrained(
    model: ModelConfig, features: AudioFeatureConfig, labels: tuple[str, ...] = NOISE_CATEGORIES_V2
) -> Network:
    """A network that has heard nothing yet. With another ``num_classes`` than there are labels,
    these are numbers.

    Raises:
        Misconfigured: torch or transformers is not installed; says what to do.
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
    # Until training measures them: where the logarithms of ordinary sound lie.
    module = Standardised(inner, torch.full(bands, -6.0), torch.full(bands, 4.0)).eval()
    return Network(module, features, model, labels, inner.first_weights)


def save(network: Network, path: Path) -> None:
    """Write weights and description; what is read back is never a pickle of code."""
    described = {name: getattr(network, name) for name in KEPT}
    described |= {"features": asdict(network.features), "model": asdict(network.model)}
    path.parent.mkdir(parents=True, exist_ok=True)
    imported().save(
        {"weights": network.module.state_dict(), "described": json.dumps(described)}, path
    )


def load(path: Path) -> Network:
    """Read what ``save`` wrote.

    Raises:
        ValueError: it is another file.
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
