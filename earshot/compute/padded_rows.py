"""Combines utterances into one tensor on the network's device; normalises and pads them there, not
on the CPU."""

from collections.abc import Sequence
from typing import Any

from earshot.compute.sound import Samples


def padded(rows: Sequence[Samples], device: str, spread: float | None) -> Any:
    """Returns a tensor of shape (rows, samples of the longest), padded with silence.

    Args:
        spread: each row is scaled to mean 0 and variance 1; this is added to the variance before
            division. None: unchanged.
    """
    import torch
    from torch.nn.functional import layer_norm
    from torch.nn.utils.rnn import pad_sequence

    sounds = [torch.from_numpy(row).to(device) for row in rows]
    if spread is not None:
        sounds = [layer_norm(sound, sound.shape, eps=spread) for sound in sounds]
    return pad_sequence(sounds, batch_first=True)
