"""The networks of the noise classifier of [004]: EfficientNet over log-mel windows, and a
perceptron over statistics."""

from itertools import pairwise
from typing import Any

from torch import Tensor, nn

from earshot.analysis.errors import Misconfigured

SCALES = {
    "efficientnet_b0": (1.0, 1.0, 1280),
    "efficientnet_b3": (1.2, 1.4, 1536),
    "efficientnet_tiny": (0.25, 0.5, 320),
}
"""Architecture to width, depth and size of the last layer. B0 and B3 as Tan and Le (2019) released
them; B3 with 58 classes has 10,785,378 parameters (C-35). The tiny one is for trying things out and
for tests."""

COLOURS = 3
"""Channels of the input: the window is repeated, as ImageNet weights require (C-36)."""


class EfficientNetNoise(nn.Module):
    """EfficientNet over windows of shape (batch, bands, frames); logits of shape (batch,
    classes)."""

    def __init__(
        self,
        architecture: str = "efficientnet_b3",
        classes: int = 58,
        dropout: float = 0.3,
        pretrained: bool = False,
    ):
        super().__init__()
        from transformers import EfficientNetModel

        config = _config(architecture, dropout)
        found, self.first_weights = _local_weights(architecture, pretrained)
        body = found if found is not None else EfficientNetModel(config).apply(_begun)
        self.embeddings, self.encoder = body.embeddings, body.encoder
        self.drop = nn.Dropout(dropout)
        self.fc = nn.Linear(body.config.hidden_dim, classes)

    def embed(self, log_mel: Tensor) -> Tensor:
        """Pooled features of shape (batch, hidden)."""
        image = log_mel.unsqueeze(1).expand(-1, COLOURS, -1, -1)
        return self.drop(self.encoder(self.embeddings(image)).last_hidden_state.mean(dim=(2, 3)))

    def forward(self, log_mel: Tensor) -> Tensor:
        return self.fc(self.embed(log_mel))


class CustomNoiseClassifier(nn.Module):
    """The perceptron of [004] over statistics of cepstral coefficients;
    ``CustomNoiseClassifier(200, 5)`` in its example."""

    def __init__(self, input_dim: int, num_classes: int) -> None:
        super().__init__()
        self.input_dim, self.num_classes = input_dim, num_classes
        widths = (input_dim, 512, 256)
        hidden = [
            layer
            for a, b in pairwise(widths)
            for layer in (nn.Linear(a, b), nn.ReLU(), nn.Dropout(0.3))
        ]
        self.network = nn.Sequential(*hidden, nn.Linear(widths[-1], num_classes))

    def forward(self, statistics: Tensor) -> Tensor:
        return self.network(statistics)


class Standardised(nn.Module):
    """A network that first subtracts the mean and divides by the deviation of the training windows,
    band by band (C-13)."""

    def __init__(self, net: nn.Module, mean: Tensor, std: Tensor) -> None:
        super().__init__()
        self.net = net
        self.register_buffer("mean", mean)
        self.register_buffer("std", std)

    def fitted(self, windows: Tensor) -> None:
        """Sets mean and deviation from windows of shape (windows, bands, frames)."""
        self.mean.copy_(windows.mean(dim=(0, 2))[:, None])
        self.std.copy_(windows.std(dim=(0, 2))[:, None] + 1e-3)

    def standardised(self, log_mel: Tensor) -> Tensor:
        return (log_mel - self.mean) / self.std

    def forward(self, log_mel: Tensor) -> Tensor:
        return self.net(self.standardised(log_mel))


def _config(architecture: str, dropout: float) -> Any:
    from transformers import EfficientNetConfig

    if architecture not in SCALES:
        raise Misconfigured(
            "architecture", f"no architecture {architecture}; there are {', '.join(SCALES)}"
        )
    width, depth, hidden = SCALES[architecture]
    return EfficientNetConfig(
        num_channels=COLOURS,
        width_coefficient=width,
        depth_coefficient=depth,
        hidden_dim=hidden,
        dropout_rate=dropout,
        batch_norm_momentum=0.1,
    )


def _begun(layer: nn.Module) -> None:
    """Initialises the weights: He et al. 2015, and 1 for the scales of normalisation. transformers'
    class draws those scales from N(0, 0.02): the signal vanishes within a few blocks, and such a
    network learns nothing."""
    if isinstance(layer, nn.Conv2d):
        nn.init.kaiming_normal_(layer.weight, mode="fan_out")
    elif isinstance(layer, nn.BatchNorm2d):
        nn.init.ones_(layer.weight)


def _local_weights(architecture: str, wanted: bool) -> tuple[Any, str]:
    """ImageNet weights from this machine's cache, or None; never fetched."""
    from transformers import EfficientNetModel

    if not wanted:
        return None, "random, as asked"
    name = f"google/{architecture.replace('_', '-')}"
    try:
        return EfficientNetModel.from_pretrained(
            name, local_files_only=True
        ), f"ImageNet, from {name}"
    except OSError:
        return None, f"random: {name} is not on this machine"
