"""The device that networks are trained on, and its random numbers."""

import random

import numpy as np
import torch

from earshot.analysis.errors import Misconfigured


def deterministic(seed: int, threads: int) -> None:
    """Seeds all random numbers of this process, and chooses the algorithms that repeat."""
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
    torch.set_num_threads(threads)
    torch.backends.cudnn.benchmark = False
    torch.backends.cudnn.deterministic = True


def device_of(asked: str) -> torch.device:
    """The device to train on.

    Raises:
        Misconfigured: CUDA is asked for and absent.
    """
    if asked == "cuda" and not torch.cuda.is_available():
        raise Misconfigured("device", "torch sees no CUDA device; set --device to cpu or auto")
    cuda = asked == "cuda" or (asked == "auto" and torch.cuda.is_available())
    return torch.device("cuda" if cuda else "cpu")
