"""Trains a torch network on windows in memory, on one thread, deterministically."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Recipe:
    """Parameters of one training run."""

    epochs: int
    batch: int = 64
    rate: float = 2e-3  # peak of a one-cycle schedule
    decay: float = 1e-2
    smoothing: float = 0.0
    bands_masked: int = (
        8  # SpecAugment (Park et al. 2019): one strip of bands and one of frames take the mean
    )
    frames_masked: int = 16
    time_axis: int = 1
    mixup: float = 0.0
    seed: int = 0


def fit(net: nn.Module, inputs: Floats, targets: Floats, recipe: Recipe) -> None:
    """Trains in place.

    Args:
        inputs: normalised windows, shape (windows, ...), float16 or float32.
        targets: target shares, shape (windows, labels).
    """
    torch.manual_seed(recipe.seed)
    torch.set_num_threads(1)
    random = np.random.default_rng(recipe.seed)
    optimiser = torch.optim.AdamW(net.parameters(), lr=recipe.rate, weight_decay=recipe.decay)
    steps = max(len(inputs) // recipe.batch, 1)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, recipe.rate, total_steps=recipe.epochs * steps, pct_start=0.2
    )
    net.train()
    for _ in range(recipe.epochs):
        order = random.permutation(len(inputs))
        for step in range(steps):
            rows = order[step * recipe.batch : (step + 1) * recipe.batch]
            optimiser.zero_grad()
            batch, wanted = augmented(inputs[rows], targets[rows], recipe, random)
            functional.cross_entropy(net(batch), wanted).backward()
            optimiser.step()
            schedule.step()
    net.eval()


def augmented(
    inputs: Floats, targets: Floats, recipe: Recipe, random: np.random.Generator
) -> tuple[Tensor, Tensor]:
    """Augments a batch: masked, targets smoothed, both mixed."""
    batch = masked(torch.from_numpy(inputs.astype(np.float32)), recipe, random)
    wanted = torch.from_numpy(targets)
    return mixed(
        batch, wanted * (1 - recipe.smoothing) + recipe.smoothing / wanted.shape[1], recipe, random
    )


def masked(batch: Tensor, recipe: Recipe, random: np.random.Generator) -> Tensor:
    """Masks a strip of bands and a strip of frames, different in every window. Zero is the mean of
    normalised inputs."""
    for axis, width in (
        (recipe.time_axis, recipe.frames_masked),
        (3 - recipe.time_axis, recipe.bands_masked),
    ):
        if width == 0:
            continue
        size = batch.shape[axis]
        first = torch.from_numpy(random.integers(0, size, len(batch)))
        length = torch.from_numpy(random.integers(0, width + 1, len(batch)))
        place = torch.arange(size)
        hidden = (place >= first[:, None]) & (place < (first + length)[:, None])
        batch = batch.masked_fill(hidden.unsqueeze(3 - axis), 0.0)
    return batch


def mixed(
    batch: Tensor, wanted: Tensor, recipe: Recipe, random: np.random.Generator
) -> tuple[Tensor, Tensor]:
    """Mixup (Zhang et al. 2018): blends every window and its target with another's."""
    if recipe.mixup == 0:
        return batch, wanted
    part = float(random.beta(recipe.mixup, recipe.mixup))
    other = torch.from_numpy(random.permutation(len(batch)))
    return batch * part + batch[other] * (1 - part), wanted * part + wanted[other] * (1 - part)


@torch.no_grad()
def logits(net: nn.Module, inputs: Floats, batch: int = 256) -> Floats:
    """The network's outputs, shape (windows, labels)."""
    net.eval()
    parts = [
        net(torch.from_numpy(inputs[i : i + batch].astype(np.float32))).numpy()
        for i in range(0, len(inputs), batch)
    ]
    return np.concatenate(parts)
