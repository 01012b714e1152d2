"""The group normalisation of wav2vec 2.0's first layer, over the frames of each row that are sound: the padding of a shorter
row has no part in its mean."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional


class LengthAwareNorm(nn.Module):
    """In place of a ``GroupNorm`` over time."""

    held: Sequence[int] = ()
    """Frames of each row that are sound, set before each pass; empty where all rows are full."""

    def __init__(self, norm: nn.GroupNorm) -> None:
        super().__init__()
        self.norm = norm

    def forward(self, frames: Tensor) -> Tensor:
        """Shape (rows, channels, frames)."""
        if not self.held:
            answer: Tensor = self.norm(frames)
            return answer
        rows = [self.norm(frames[row : row + 1, :, :count]) for row, count in enumerate(self.held)]
        return torch.cat([functional.pad(row, (0, frames.shape[-1] - row.shape[-1])) for row in rows])
