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

    Raises:
        SystemExit: there is no trunk yet.
    """
    if not trunk.is_file():
        raise SystemExit(
            f"{trunk} is not there; make it with python -m training.recipes.trunk.train, whose"
            " --out it lies in"
        )
    net = untrained()
    net.load_state_dict(torch.load(trunk, weights_only=True))
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
