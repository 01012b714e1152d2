"""The network architectures trained here."""

from itertools import pairwise

import torch
from torch import Tensor, nn


class EmotionNet(nn.Module):
    """The 1D CNN of 001-02..05: three convolutional blocks over time, global average pooling, one
    linear layer; about 50K parameters. Input (batch, 64 mel bands, 100 frames), output logits."""

    def __init__(self, labels: int, bands: int = 64, dropout: float = 0.2) -> None:
        super().__init__()
        widths = (bands, 48, 64, 96)
        # Frames are 10 ms apart and 128 ms long: every second one contains the information of two,
        # at half the cost. The last block then spans 370 ms, which is more than a syllable.
        blocks = [
            nn.Sequential(
                nn.Conv1d(a, b, 5, stride=stride, padding=2, bias=False),
                nn.BatchNorm1d(b),
                nn.ReLU(),
                nn.MaxPool1d(2),
                nn.Dropout(dropout),
            )
            for (a, b), stride in zip(pairwise(widths[:3]), (2, 1), strict=True)
        ]
        last = nn.Sequential(
            nn.Conv1d(widths[2], widths[3], 3, padding=1, bias=False),
            nn.BatchNorm1d(widths[3]),
            nn.ReLU(),
        )
        self.blocks = nn.Sequential(*blocks, last)
        self.drop = nn.Dropout(2 * dropout)
        self.fc = nn.Linear(widths[3], labels)

    def forward(self, log_mel: Tensor) -> Tensor:
        return self.fc(self.drop(self.blocks(log_mel).mean(dim=2)))


class Merged(nn.Module):
    """Sums the shares of source labels that map to the same published label, and returns log
    shares, to which a prior is added."""

    def __init__(
        self, net: nn.Module, matrix: Tensor, temperature: float, prior: Tensor | None = None
    ) -> None:
        super().__init__()
        self.net, self.temperature = net, temperature
        self.register_buffer("matrix", matrix)
        self.register_buffer("prior", torch.zeros(matrix.shape[1]) if prior is None else prior)

    def forward(self, log_mel: Tensor) -> Tensor:
        shares = torch.softmax(self.net(log_mel) / self.temperature, dim=1)
        return torch.log(shares @ self.matrix + 1e-6) + self.prior
