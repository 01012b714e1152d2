"""Utterances as one tensor on the device where the network is: levelled and filled up there, not on
the CPU."""

from collections.abc import Sequence
from typing import Any

from earshot.compute.sound import Samples


def padded(rows: Sequence[Samples], device: str, spread: float | None) -> Any:
    """Shape (rows, samples of the longest), silence behind the end of the others.

    Args:
        spread: each row gets mean 0 and variance 1; this is added to the variance that it is
            divided by. None: as they are.
    """
    import torch
    from torch.nn.functional import layer_norm
    from torch.nn.utils.rnn import pad_sequence

    sounds = [torch.from_numpy(row).to(device) for row in rows]
    if spread is not None:
        sounds = [layer_norm(sound, sound.shape, eps=spread) for sound in sounds]
    return pad_sequence(sounds, batch_first=True)
