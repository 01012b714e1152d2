"""The speaker network: log-mel frames of a second or two to one vector per voice."""

import torch
from torch import Tensor, nn
from torch.nn import functional

BANDS = 40
WIDTH = 128
SIZE = 96
"""Numbers in an embedding."""


class SpeakerNet(nn.Module):
    """Time-delay network with statistics pooling (x-vector, Snyder et al. 2018), small and
    residual."""

    def __init__(self) -> None:
        super().__init__()
        self.front = nn.Conv1d(BANDS, WIDTH, 5, stride=2, padding=2)
        self.blocks = nn.ModuleList([_Block(dilation) for dilation in (1, 2, 3)])
        self.attend = nn.Conv1d(WIDTH, WIDTH, 1)
        self.out = nn.Sequential(
            nn.BatchNorm1d(2 * WIDTH),
            nn.Linear(2 * WIDTH, SIZE, bias=False),
            nn.BatchNorm1d(SIZE, affine=False),
        )

    def forward(self, log_mel: Tensor) -> Tensor:
        """Maps shape (rows, frames, BANDS) to unit vectors of shape (rows, SIZE). The mean of each
        band over time is subtracted, and with it the microphone and the level."""
        x = (log_mel - log_mel.mean(dim=1, keepdim=True)).transpose(1, 2)
        x = torch.relu(self.front(x))
        for block in self.blocks:
            x = block(x)
        weights = torch.softmax(self.attend(x), dim=2)
        mean = (weights * x).sum(dim=2)
        spread = torch.sqrt(((weights * x * x).sum(dim=2) - mean * mean).clamp(min=1e-5))
        return functional.normalize(self.out(torch.cat([mean, spread], dim=1)), dim=1)


class _Block(nn.Module):
    def __init__(self, dilation: int) -> None:
        super().__init__()
        self.path = nn.Sequential(
            nn.BatchNorm1d(WIDTH),
            nn.Conv1d(WIDTH, WIDTH, 3, padding=dilation, dilation=dilation, groups=2),
            nn.ReLU(),
            nn.BatchNorm1d(WIDTH),
            nn.Conv1d(WIDTH, WIDTH, 1),
        )

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(x + self.path(x))


class MarginLoss(nn.Module):
    """Additive margin softmax (Wang et al. 2018): classes must be separated by a margin of
    cosine."""

    def __init__(self, classes: int, scale: float = 25.0) -> None:
        super().__init__()
        self.centres = nn.Parameter(torch.randn(classes, SIZE))
        self.scale = scale

    def forward(self, embeddings: Tensor, targets: Tensor, margin: float) -> Tensor:
        cosine = embeddings @ functional.normalize(self.centres, dim=1).T
        apart = cosine - margin * functional.one_hot(targets, len(self.centres))
        return functional.cross_entropy(self.scale * apart, targets)
