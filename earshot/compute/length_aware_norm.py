"""The group normalisation of wav2vec 2.0's first layer, over the audio frames of each row only,
without the padding of shorter rows."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional


class LengthAwareNorm(nn.Module):
    """Replaces a ``GroupNorm`` over time, behind a convolution with this kernel and stride, in
    samples."""

    def __init__(self, norm: nn.GroupNorm, kernel: int, stride: int) -> None:
        super().__init__()
        self.norm = norm
        self.held: Sequence[int] = ()
        self._kernel, self._stride = kernel, stride

    def set_lengths(self, lengths: Sequence[int]) -> None:
        """Sets the number of audio samples of each row; call before each pass."""
        even = min(lengths) == max(lengths)
        self.held = (
            () if even else [(length - self._kernel) // self._stride + 1 for length in lengths]
        )

    def forward(self, frames: Tensor) -> Tensor:
        """Shape (rows, channels, frames)."""
        if not self.held:
            answer: Tensor = self.norm(frames)
            return answer
        rows = [self.norm(frames[row : row + 1, :, :count]) for row, count in enumerate(self.held)]
        return torch.cat(
            [functional.pad(row, (0, frames.shape[-1] - row.shape[-1])) for row in rows]
        )


def made_length_aware(model: Any) -> LengthAwareNorm | None:
    """Replaces the norm of the first layer of a network of transformers' wav2vec 2.0 family and
    returns it; None if that norm works on one frame at a time."""
    if getattr(model.config, "feat_extract_norm", "") != "group":
        return None
    first = model.base_model.feature_extractor.conv_layers[0]
    first.layer_norm = LengthAwareNorm(
        first.layer_norm, model.config.conv_kernel[0], model.config.conv_stride[0]
    )
    found: LengthAwareNorm = first.layer_norm
    return found
