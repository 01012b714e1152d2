"""The network of the embedded noise and scene checkpoints, initialised by a trunk distilled from
YAMNet."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from earshot.noise.nets import Standardised
from training.fitting.crossval import Floats
from training.fitting.teacher import CLASSES
from training.recipes.noise.windows import SPEC
from training.recipes.trunk.goals import COMPONENTS

WIDTHS = (16, 32, 64, 128, 256, 512, 512)
HALVED = 3
"""Number of separable blocks that halve time and band, after the first convolution: 96 x 64 becomes
6 x 4."""


class StudentNet(nn.Module):
    """A separable CNN over log-mel patches (batch, frames, bands), in the manner of MobileNet and
    YAMNet.

    ``fc`` is a head with logits of labels; ``scores`` and ``features`` predict the teacher's
    outputs for the patch.
    """

    def __init__(self) -> None:
        super().__init__()
        stem = (
            nn.Conv2d(1, WIDTHS[0], 3, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(WIDTHS[0]),
            nn.ReLU(),
        )
        blocks = (
            _separable(a, b, 2 if i < HALVED else 1) for i, (a, b) in enumerate(pairwise(WIDTHS))
        )
        self.body = nn.Sequential(*stem, *blocks)
        pooled = 2 * WIDTHS[-1]
        self.fc: nn.Module = nn.Identity()
        self.scores, self.features = nn.Linear(pooled, CLASSES), nn.Linear(pooled, COMPONENTS)

    def embed(self, log_mel: Tensor) -> Tensor:
        """Mean and maximum of every channel, shape (batch, 2 * channels)."""
        maps = self.body(log_mel.unsqueeze(1))
        return torch.cat([maps.mean(dim=(2, 3)), maps.amax(dim=(2, 3))], dim=1)

    def forward(self, log_mel: Tensor) -> Tensor:
        return self.fc(self.embed(log_mel))


def with_trunk(trunk: Path) -> Standardised:
    """A network with the trunk's weights and no labels yet.

    Args:
        trunk: written by ``training.recipes.trunk.train``; or a checkpoint of noise or scene, an
            .onnx file, which holds the same weights.

    Raises:
        SystemExit: there is no trunk yet.
    """
    if not trunk.is_file():
        raise SystemExit(
            f"{trunk} is not there; make it with python -m training.recipes.trunk.train, whose"
            " --out it lies in, or name earshot/models/embedded/noise.onnx"
        )
    if trunk.suffix == ".onnx":
        return _published(trunk)
    net = untrained()
    net.load_state_dict(torch.load(trunk, weights_only=True))
    return net.eval()


def _published(checkpoint: Path) -> Standardised:
    """The trunk in an export, where each batch normalisation is folded into the convolution before
    it; here it stays as one that only adds the bias.

    Raises:
        ValueError: the file holds another network.
    """
    import onnx
    from onnx import numpy_helper

    graph = onnx.load(str(checkpoint)).graph
    # An extended head (training.trainers.extended) holds its own network below this name.
    names = [each.name for each in graph.initializer]
    own = "new/" if any(name.startswith("new/") for name in names) else ""
    values = {
        each.name.removeprefix(own).removeprefix("net."): torch.from_numpy(
            numpy_helper.to_array(each).copy()
        )
        for each in graph.initializer
        if each.name.startswith(own)
    }
    folded = [
        [name.removeprefix(own) for name in each.input[1:3]]
        for each in graph.node
        if each.op_type == "Conv" and each.input[1].startswith(own)
    ]
    net = untrained()
    layers, norms = (
        [each for each in net.net.body.modules() if isinstance(each, kind)]
        for kind in (nn.Conv2d, nn.BatchNorm2d)
    )
    if len(layers) != len(folded):
        raise ValueError(f"{checkpoint} has {len(folded)} convolutions, a trunk {len(layers)}")
    with torch.no_grad():
        for mine, name in ((net.mean, "mean"), (net.std, "std")):
            mine.copy_(values[name])
        for layer, norm, (weight, bias) in zip(layers, norms, folded, strict=True):
            layer.weight.copy_(values[weight])
            norm.running_var.fill_(1 - norm.eps)
            norm.bias.copy_(values[bias])
    return net.eval()


def untrained() -> Standardised:
    """A network with random weights, in the memory layout that trains in half the time."""
    bands = SPEC.mel.n_mels
    return Standardised(StudentNet(), torch.zeros(bands), torch.ones(bands)).to(
        memory_format=torch.channels_last
    )


@torch.no_grad()
def embedded(net: Standardised, inputs: Floats, batch: int = 256) -> Floats:
    """Embeddings of unaltered windows, shape (windows, 2 * channels)."""
    torch.set_num_threads(1)
    parts = (
        torch.from_numpy(inputs[i : i + batch].astype(np.float32))
        for i in range(0, len(inputs), batch)
    )
    return np.concatenate([net.net.embed(net.standardised(part)).numpy() for part in parts])


def named(net: Standardised, layer: nn.Linear) -> Standardised:
    """The network with this head; its weights are shared, its former head is not."""
    other = StudentNet()
    other.body, other.fc = net.net.body, layer
    return Standardised(other, net.mean, net.std).eval()


def _separable(inputs: int, outputs: int, stride: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, inputs, 3, stride=stride, padding=1, groups=inputs, bias=False),
        nn.BatchNorm2d(inputs),
        nn.ReLU(),
        nn.Conv2d(inputs, outputs, 1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(),
    )
