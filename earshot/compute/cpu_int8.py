"""Speeds up a speech encoder on a CPU: its linear layers in int8, its convolutions over samples in
bfloat16.

Weights are quantised once, per output channel; activations at run time, per tensor, so rows must
not share a pass. The convolutions stay in floating point because a few loud frames would take the
resolution of all others. torch's own ``quantize_dynamic`` is deprecated, has one scale for all
channels, and 7 bits for activations on every CPU.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional


class Int8Linear(nn.Module):
    """A linear layer with int8 weights."""

    def __init__(self, layer: nn.Linear, mean: Tensor) -> None:
        """Quantises a layer.

        Args:
            mean: of its input, shape (inputs,).
        """
        super().__init__()
        weight = layer.weight.detach().float()
        scales = (weight.abs().amax(1) / 127).clamp_min(1e-12).double()
        zeros = torch.zeros(len(scales), dtype=torch.long)
        quantised = torch.quantize_per_channel(weight, scales, zeros, 0, torch.qint8)
        bias = torch.zeros(len(scales)) if layer.bias is None else layer.bias.detach().float()
        bias = bias + (weight - quantised.dequantize()) @ mean.float()
        self._packed: Any = torch.ops.quantized.linear_prepack(quantised, bias)
        # Without VNNI, sums of two 8-bit products overflow 16 bits.
        self._seven_bits = not torch.cpu._is_vnni_supported()

    def forward(self, x: Tensor) -> Tensor:
        answer: Tensor = torch.ops.quantized.linear_dynamic(x, self._packed, self._seven_bits)
        return answer


class ChannelsLastConv(nn.Module):
    """A convolution over time, on frames with channels adjacent in memory: nothing is moved before
    it, nor for the normalisation over channels behind it. Shape (rows, channels, time)."""

    def __init__(self, conv: nn.Conv1d) -> None:
        super().__init__()
        self.weight = nn.Parameter(
            conv.weight.detach()[:, :, None].contiguous(memory_format=torch.channels_last)
        )
        self.bias = conv.bias
        self.stride = (1, conv.stride[0])

    def forward(self, x: Tensor) -> Tensor:
        frames = x[:, :, None].contiguous(memory_format=torch.channels_last)
        return functional.conv2d(frames, self.weight, self.bias, self.stride).squeeze(2)


class HalfPrecision(nn.Module):
    """A module that computes in bfloat16 and takes and returns float32."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module.bfloat16()

    def forward(self, x: Tensor) -> Tensor:
        answer: Tensor = self.module(x.bfloat16())
        return answer.float()


def to_int8(module: nn.Module, listen: Callable[[], object]) -> None:
    """Replaces the linear layers below ``module``, except those whose weights are read directly.

    Args:
        listen: a pass of some audio through the module. The mean error that rounding the weights
            adds to every frame, which pooling over time would keep, is subtracted from the bias
            (Nagel et al. 2019, Data-Free Quantization Through Weight Equalization and Bias
            Correction); any audio works, noise as well as speech.
    """
    means: dict[nn.Linear, Tensor] = {}

    def remember(layer: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        means[layer] = inputs[0].flatten(0, -2).mean(0)

    hooks = [
        each.register_forward_pre_hook(remember)
        for each in module.modules()
        if isinstance(each, nn.Linear)
    ]
    listen()
    for hook in hooks:
        hook.remove()
    _replace(module, means)


def _replace(module: nn.Module, means: dict[nn.Linear, Tensor]) -> None:
    for name, child in list(module.named_children()):
        if child in means:
            setattr(module, name, Int8Linear(child, means[child]))
        else:
            _replace(child, means)


def front_end(module: nn.Module) -> nn.Module:
    """The convolutions over samples: channels last, and in bfloat16 where this CPU supports it;
    elsewhere that would be slower than float32."""
    _channels_last(module)
    computes = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    return HalfPrecision(module) if computes else module


def _channels_last(module: nn.Module) -> None:
    for name, child in list(module.named_children()):
        if isinstance(child, nn.Conv1d) and child.in_channels > 1:
            setattr(module, name, ChannelsLastConv(child))
        else:
            _channels_last(child)
