"""What a network learns from, and how it is judged."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

Ints = NDArray[np.int64]

SMOOTHING = 0.1
"""Share of each target that is spread over all labels."""


@dataclass(frozen=True)
class Judged:
    """A network on the validation part."""

    loss: float
    accuracy: float
    uar: float
    """Mean of the labels' recalls."""


class Lesson(Protocol):
    """What a network learns from and is judged by."""

    def order(self, random: np.random.Generator) -> Ints:
        """Items of one epoch, in order."""
        ...

    def batch(self, items: Ints, random: np.random.Generator) -> tuple[Tensor, Tensor]:
        """Inputs and targets of some items."""
        ...

    def loss(
        self, net: nn.Module, inputs: Tensor, targets: Tensor, part: float
    ) -> tuple[Tensor, int]:
        """The mean loss of a batch, and how many of its answers are right.

        Args:
            part: of the epochs at most, the share that is done.
        """
        ...

    def judged(self, net: nn.Module) -> Judged:
        """The network on the validation part."""
        ...


def cross_entropy(net: nn.Module, inputs: Tensor, targets: Tensor) -> tuple[Tensor, int]:
    """The loss of classifiers, with smoothed targets; as ``Lesson.loss``."""
    logits = net(inputs)
    loss = nn.functional.cross_entropy(logits, targets, label_smoothing=SMOOTHING)
    return loss, int((logits.argmax(dim=1) == targets).sum())
