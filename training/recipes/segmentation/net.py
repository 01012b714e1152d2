"""The segmentation network: log-mel frames to how many voices speak."""

import torch
from torch import Tensor, nn

from training.recipes.segmentation.data import MOST, SPEC

WIDTH = 112
DILATIONS = (1, 2, 4, 8, 16, 32)
"""Each frame sees 1.3 s before and after it. A recurrent layer in the place of the last two took
60 % of the time of a step."""


class SegmentationNet(nn.Module):
    """Residual dilated convolutions over frames of 20 ms (as TCN, Bai et al. 2018)."""

    def __init__(self) -> None:
        super().__init__()
        self.front = nn.Sequential(
            nn.Conv1d(SPEC.n_mels, WIDTH, 5, stride=2, padding=2), nn.BatchNorm1d(WIDTH), nn.ReLU()
        )
        self.blocks = nn.ModuleList([_Block(dilation) for dilation in DILATIONS])
        self.out = nn.Conv1d(WIDTH, MOST + 1, 1)

    def forward(self, log_mel: Tensor) -> Tensor:
        """Maps shape (rows, frames, bands) to logits of shape (rows, frames / 2, MOST + 1)."""
        x = self.front(log_mel.transpose(1, 2))
        for block in self.blocks:
            x = block(x)
        logits: Tensor = self.out(x).transpose(1, 2)
        return logits


class _Block(nn.Module):
    def __init__(self, dilation: int) -> None:
        super().__init__()
        self.path = nn.Sequential(
            nn.Conv1d(WIDTH, WIDTH, 3, padding=dilation, dilation=dilation, groups=2),
            nn.BatchNorm1d(WIDTH),
            nn.ReLU(),
            nn.Conv1d(WIDTH, WIDTH, 1),
            nn.BatchNorm1d(WIDTH),
        )

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(x + self.path(x))


class Counter(nn.Module):
    """The network with probabilities in the place of logits, as it is exported."""

    def __init__(self, net: SegmentationNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, log_mel: Tensor) -> Tensor:
        return torch.softmax(self.net(log_mel), dim=2)
