"""The network of emotion2vec: convolutions over samples, transformer blocks with a linear bias for
distance, nine outputs.

Own code after the papers (Ma et al. 2023; Baevski et al. 2022, data2vec 2.0; Press et al. 2022,
ALiBi) and the names and shapes of the released weights; its outputs are those of FunASR
(``tests/runtimes/emotion/test_emotion2vec.py``), which is not used because it brings 29 packages
(ADR 21). Unlike there, rows may be padded: what is beyond the end of a row has no effect on it.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from earshot.models.emotion2vec.config import NetworkConfig


class ConvLayer(nn.Module):
    """Convolution over time without bias, normalised over channels. Shape (rows, channels,
    time)."""

    def __init__(self, before: int, channels: int, kernel: int, stride: int) -> None:
        super().__init__()
        self.conv = nn.Conv1d(before, channels, kernel, stride, bias=False)
        self.norm = nn.LayerNorm(channels)

    def forward(self, sound: Tensor) -> Tensor:
        return functional.gelu(self.norm(self.conv(sound).transpose(1, 2))).transpose(1, 2)


class Positions(nn.Module):
    """What a frame's neighbours tell of its position: grouped convolutions, frames beyond a row's
    end held at nought."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        kernel, width = config.position_kernel, config.width
        self.convs = nn.ModuleList(
            nn.Conv1d(width, width, kernel, padding=kernel // 2, groups=config.position_groups)
            for _ in range(config.position_layers)
        )

    def forward(self, frames: Tensor, held: Tensor) -> Tensor:
        """Shapes (rows, frames, width) and (rows, frames, 1)."""
        count = frames.shape[1]
        for conv in self.convs:
            moved = conv((frames * held).transpose(1, 2))[..., :count].transpose(1, 2)
            frames = functional.gelu(functional.layer_norm(moved, moved.shape[-1:]))
        return frames


class Block(nn.Module):
    """Attention and a perceptron, each added and then normalised."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        width, inner = config.width, int(config.width * config.mlp_ratio)
        self.heads = config.heads
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.widen, self.narrow = nn.Linear(width, inner), nn.Linear(inner, width)
        self.norm1, self.norm2 = (nn.LayerNorm(width, config.norm_eps) for _ in range(2))

    def forward(self, x: Tensor, bias: Tensor) -> Tensor:
        """``bias``: what is added to the attention of one position to another, shape (rows, heads,
        positions, positions)."""
        rows, positions, width = x.shape
        query, key, value = (
            self.qkv(x).view(rows, positions, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        )
        attended = functional.scaled_dot_product_attention(
            query, key, value, attn_mask=bias.to(query.dtype)
        )
        x = self.norm1(x + self.out(attended.transpose(1, 2).reshape(rows, positions, width)))
        return self.norm2(x + self.narrow(functional.gelu(self.widen(x))))


class Emotion2vec(nn.Module):
    """Samples in, logits out."""

    def __init__(self, config: NetworkConfig, outputs: int, scales: int = 1) -> None:
        """``scales``: 1 if all blocks have the same steepness of the bias, else as many as there
        are blocks."""
        super().__init__()
        self.config = config
        before = (1, *(channels for channels, _, _ in config.conv_layers))
        self.front = nn.Sequential(
            *(ConvLayer(n, *spec) for n, spec in zip(before, config.conv_layers, strict=False))
        )
        self.front_norm, self.project = (
            nn.LayerNorm(before[-1]),
            nn.Linear(before[-1], config.width),
        )
        self.positions = Positions(config)
        self.extra = nn.Parameter(torch.zeros(1, config.extra_tokens, config.width))
        self.steepness = nn.Parameter(torch.ones(scales, config.heads))
        self.norm = nn.LayerNorm(config.width, config.norm_eps)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.blocks))
        self.head = nn.Linear(config.width, outputs)

    def forward(self, sound: Tensor, lengths: Tensor) -> Tensor:
        """Logits, shape (rows, outputs).

        Args:
            sound: shape (rows, samples), each row already normalised if the configuration requires
                it.
            lengths: number of audio samples of each row, shape (rows,).
        """
        frames = self.project(self.front_norm(self.front(sound[:, None]).transpose(1, 2)))
        held = self._held(lengths, frames.shape[1])
        frames = frames + self.positions(frames, held[..., None])
        x = self.norm(torch.cat([self.extra.expand(len(frames), -1, -1), frames], dim=1))
        distances, beyond = self._biases(held)
        for index, block in enumerate(self.blocks):
            steepness = self.steepness[index if len(self.steepness) > 1 else 0].clamp_min(0)
            x = block(x, distances * steepness[:, None, None] + beyond)
        frames = x[:, self.config.extra_tokens :] * held[..., None]
        return self.head(frames.sum(1) / held.sum(1, keepdim=True))

    def _held(self, lengths: Tensor, most: int) -> Tensor:
        """1 for frames that are sound, 0 for those beyond a row's end, shape (rows, frames)."""
        for _, kernel, stride in self.config.conv_layers:
            lengths = (lengths - kernel) // stride + 1
        return (torch.arange(most, device=lengths.device) < lengths[:, None]).float()

    def _biases(self, held: Tensor) -> tuple[Tensor, Tensor]:
        """Minus the distance of two frames by each head's slope, nought for the extra positions;
        and minus infinity where a position is beyond the row's end."""
        count, extra, device = held.shape[1], self.config.extra_tokens, held.device
        where = torch.arange(count, device=device)
        slopes = torch.tensor(_slopes(self.config.heads), device=device)
        apart = -(where[:, None] - where).abs() * slopes[:, None, None]
        beyond = torch.zeros_like(held).masked_fill(held == 0, -math.inf)
        return functional.pad(apart, (extra, 0, extra, 0))[None], functional.pad(
            beyond, (extra, 0)
        )[:, None, None]


def _slopes(heads: int) -> list[float]:
    """Of the bias of each head: powers of 2 ** (-8 / heads); where heads are no power of two, those
    of the power below it and every other one of the power above (Press et al. 2022,
    ``get_slopes``)."""
    below = 2 ** int(math.log2(heads))
    found = [2 ** (-8 * (index + 1) / below) for index in range(below)]
    return found if below == heads else found + _slopes(2 * below)[0::2][: heads - below]
