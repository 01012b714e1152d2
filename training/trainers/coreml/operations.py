"""Convolution and pooling over any number of axes, as Core ML defines them."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Array = NDArray[np.float32]
Borders = tuple[tuple[int, int], ...]


def conv(
    x: Array,
    weights: Array,
    bias: Array | None,
    strides: tuple[int, ...],
    borders: Borders,
    dilations: tuple[int, ...],
    groups: int,
) -> Array:
    """Cross-correlation.

    Args:
        x: shape (batch, channels, ...).
        weights: shape (outputs, channels, ...).
        borders: zeros before and behind each axis.

    Raises:
        ValueError: it is dilated or in groups.
    """
    if groups != 1 or set(dilations) > {1}:
        raise ValueError("dilated convolutions, and those in groups, are not evaluated here")
    windows = _windows(np.pad(x, ((0, 0), (0, 0), *borders)), weights.shape[2:], strides)
    axes = x.ndim - 2
    summed = np.tensordot(
        windows, weights, axes=([1, *range(2 + axes, 2 + 2 * axes)], [1, *range(2, 2 + axes)])
    )
    found: Array = np.moveaxis(summed, -1, 1)
    return found if bias is None else found + bias.reshape(1, -1, *[1] * axes)


def max_pool(x: Array, sizes: tuple[int, ...], strides: tuple[int, ...], borders: Borders) -> Array:
    """The maximum under a window; as ``conv``."""
    padded = np.pad(x, ((0, 0), (0, 0), *borders), constant_values=-np.inf)
    axes = x.ndim - 2
    found: Array = _windows(padded, sizes, strides).max(axis=tuple(range(2 + axes, 2 + 2 * axes)))
    return found


def _windows(x: Array, sizes: tuple[int, ...], strides: tuple[int, ...]) -> Array:
    """Shape (batch, channels, places..., sizes...)."""
    axes = tuple(range(2, x.ndim))
    found = sliding_window_view(x, sizes, axis=axes)
    return found[(slice(None), slice(None), *(slice(None, None, step) for step in strides))]
