"""The network architectures trained here."""

from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional


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


class Further(NamedTuple):
    """Labels that answer where another label, the rest, would."""

    thresholds: Tensor
    """Of their logits, shape (further,)."""
    steep: float
    """Factor of the logits above them: then they are odds against the rest."""
    rest: int
    """Place of the rest among the merged labels."""
    order: Tensor
    """For each output its place among the merged labels and then the further ones."""


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

    def forward(self, inputs: Tensor) -> Tensor:
        return self.merged(self.net(inputs))

    def merged(self, logits: Tensor) -> Tensor:
        shares = torch.softmax(logits / self.temperature, dim=1)
        return torch.log(shares @ self.matrix + 1e-6) + self.prior


class Divided(nn.Module):
    """``Merged`` with further labels, whose logits are the last outputs of its network: the share
    of the rest is divided among it and them. Matrices of zeros and ones choose the columns: every
    runtime has products."""

    def __init__(self, merged: Merged, further: Further) -> None:
        super().__init__()
        self.net, self.rule, self.steep = merged.net, merged, further.steep
        fine, labels = merged.matrix.shape
        more = len(further.thresholds)
        self.register_buffer("first", torch.eye(fine + more)[:, :fine])
        self.register_buffer("last", functional.pad(torch.eye(fine + more)[:, fine:], (1, 0)))
        self.register_buffer("thresholds", functional.pad(further.thresholds, (1, 0)))
        whole = functional.pad(torch.eye(labels), (0, more))
        whole[further.rest, labels:] = 1
        parts = torch.zeros(1 + more, labels + more)
        parts[0, further.rest] = 1
        parts[1:, labels:] = torch.eye(more)
        self.register_buffer("whole", whole[:, further.order])
        self.register_buffer("parts", parts[:, further.order])

    def forward(self, inputs: Tensor) -> Tensor:
        logits = self.net(inputs)
        odds = self.steep * (logits @ self.last - self.thresholds)
        division = torch.log(torch.softmax(odds, dim=1) + 1e-12)
        return self.rule.merged(logits @ self.first) @ self.whole + division @ self.parts
