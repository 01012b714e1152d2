"""Interface between emotion and its runtimes: utterances in; shares of labels, or numbers, out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from earshot.analysis.emotion.findings import Judging
from earshot.compute.sound import SAMPLE_RATE, Samples, passes

Shares = NDArray[np.float32]
"""Shape (labels,), summing to 1."""
SHORTEST = SAMPLE_RATE // 10
"""Minimum length in samples, reached by padding: the networks need a few frames."""


@dataclass(frozen=True)
class Dimensions:
    """Emotion of an utterance in numbers from -1 to 1 (003-19)."""

    valence: float
    arousal: float
    dominance: float


class EmotionModel(Protocol):
    """Interface of every runtime with labels. Loaded in the pool's child process; holds one
    checkpoint on one device."""

    @property
    def labels(self) -> tuple[str, ...]:
        """The checkpoint's own, in the order of its shares."""
        ...

    @property
    def judging(self) -> Judging | None:
        """How the utterances of one voice are judged together; None: each by itself."""
        ...

    @property
    def neutral_share(self) -> float | None:
        """Share of neutral speech that its shares assume; None: that of its labels, as if each were
        as frequent."""
        ...

    def shares(self, utterances: Sequence[Samples]) -> list[Shares]:
        """One for each utterance, in order, in as few forward passes as ``PASS_SEC`` allows. None
        depends on its neighbours.

        Raises:
            RuntimeError: out of memory, as the framework says it; fewer utterances may fit.
        """
        ...


class ByUtterance:
    """Base of runtimes that judge each utterance by itself."""

    judging: Judging | None = None
    neutral_share: float | None = None


class DimensionalModel(Protocol):
    """Interface of every runtime without labels."""

    def dimensions(self, utterances: Sequence[Samples]) -> list[Dimensions]:
        """As ``EmotionModel.shares``."""
        ...


def noise() -> Samples:
    """Three seconds of fixed noise, for fitting int8 weights (``earshot.compute.cpu_int8``)."""
    return (0.1 * np.random.default_rng(0).standard_normal(3 * SAMPLE_RATE)).astype(np.float32)


def in_passes(
    forward: Callable[[list[Samples]], Any], utterances: Sequence[Samples], device: str
) -> NDArray[np.float32]:
    """Outputs of a network, shape (utterances, outputs): each pass has about equally long rows, and
    on a CPU one of them, for there a second one gains nothing, and int8 would have one scale for
    both.

    Args:
        forward: rows, none shorter than ``SHORTEST``, to a tensor of shape (rows, outputs).
    """
    long_enough = [np.pad(samples, (0, max(0, SHORTEST - len(samples)))) for samples in utterances]
    full = passes([len(samples) for samples in long_enough])
    found: dict[int, NDArray[np.float32]] = {}
    for rows in full if device == "cuda" else [[row] for row in range(len(long_enough))]:
        outputs = forward([long_enough[row] for row in rows]).float().cpu().numpy()
        found.update(zip(rows, outputs, strict=True))
    return (
        np.stack([found[index] for index in range(len(utterances))])
        if found
        else np.zeros((0, 0), np.float32)
    )
