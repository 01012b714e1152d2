"""Learning from windows of log-mel frames, cut anew each time they are used."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from earshot.audio.features.spectra import patches
from earshot.audio.features.windows import WindowSpec
from earshot.models.calibration import calibrate, pooled
from training.data.datasets import indices
from training.data.takes import Floats, Ints, Takes, gathered, statistics
from training.trainers.data.features import Arrays
from training.trainers.data.recordings import Recording
from training.trainers.lesson import Judged, cross_entropy

BANDS_MASKED, FRAMES_MASKED = 10, 20
"""Widest strips of SpecAugment (Park et al. 2019), which take the mean."""
LINE, SHIFT = 0.2, 1
"""Of ``training.data.takes``: another microphone or line, and a voice a band higher or lower."""


@dataclass(frozen=True)
class Material:
    """Recordings as frames, normalised by the statistics of those to train on."""

    spec: WindowSpec
    labels: tuple[str, ...]
    takes: Takes
    owner: Ints
    """Recording of each take."""
    truth: Ints
    judged: Floats
    """Windows of the validation part as a worker cuts them, shape (windows, bands, frames)."""
    judged_owner: Ints
    judged_truth: Ints
    mean: Floats
    std: Floats


def material(
    train: Sequence[tuple[Recording, Arrays]],
    val: Sequence[tuple[Recording, Arrays]],
    labels: tuple[str, ...],
    spec: WindowSpec,
    normalisation: tuple[Floats, Floats] | None = None,
) -> Material:
    """Gathers frames.

    Args:
        train: recordings with their ``takes``.
        normalisation: mean and deviation of each band; by default of these recordings.
    """
    parts = [(i, take) for i, (_, arrays) in enumerate(train) for take in takes_of(arrays)]
    takes = gathered([take for _, take in parts], spec.length)
    mean, std = normalisation or statistics(takes)
    takes.mean, takes.std = mean, std
    cut = [patches(takes_of(arrays)[0], spec.length, spec.hop) for _, arrays in val]
    windows = (np.concatenate(cut).astype(np.float32) - mean) / std
    return Material(
        spec=spec,
        labels=labels,
        takes=takes,
        owner=np.array([i for i, _ in parts]),
        truth=indices(labels, [each.label for each, _ in train]),
        judged=np.ascontiguousarray(windows.transpose(0, 2, 1)),
        judged_owner=np.repeat(np.arange(len(cut)), [len(each) for each in cut]),
        judged_truth=indices(labels, [each.label for each, _ in val]),
        mean=mean,
        std=std,
    )


def packed(takes: Sequence[Floats]) -> Arrays:
    """Frames of several takes as the cache keeps them."""
    return {
        "frames": np.concatenate(takes).astype(np.float16),
        "lengths": np.array([len(take) for take in takes]),
    }


def takes_of(arrays: Arrays) -> list[Floats]:
    """The inverse of ``packed``; the first take is the recording as it is."""
    return np.split(arrays["frames"], np.cumsum(arrays["lengths"])[:-1])


class WindowLesson:
    """Windows of random takes; every label has the same weight."""

    def __init__(self, found: Material, augment: bool) -> None:
        self.material, self.augment = found, augment
        self._takes = [np.flatnonzero(found.owner == i) for i in range(len(found.truth))]

    def order(self, random: np.random.Generator) -> Ints:
        """A take of each chosen recording. Recordings of rare labels are chosen more often."""
        truth = self.material.truth
        present = np.unique(truth)
        size = -(-len(truth) // len(present))
        chosen = np.concatenate(
            [np.resize(random.permutation(np.flatnonzero(truth == k)), size) for k in present]
        )
        return np.array([random.choice(self._takes[i]) for i in random.permutation(chosen)])

    def batch(self, items: Ints, random: np.random.Generator) -> tuple[Tensor, Tensor]:
        """Windows of shape (items, bands, frames), and labels."""
        takes = self.material.takes
        takes.random = random
        takes.line, takes.shift = (LINE, SHIFT) if self.augment else (0.0, 0)
        inputs = torch.from_numpy(takes[items].astype(np.float32))
        if self.augment:
            inputs = masked(inputs)
        return inputs, torch.from_numpy(self.material.truth[self.material.owner[items]])

    def loss(
        self, net: nn.Module, inputs: Tensor, targets: Tensor, part: float
    ) -> tuple[Tensor, int]:
        return cross_entropy(net, inputs, targets)

    def judged(self, net: nn.Module) -> Judged:
        """Each recording of the validation part by the mean share of its windows."""
        found = self.material
        shares = pooled(
            self.logits(net), found.judged_owner, len(found.judged_truth), temperature=1.0
        )
        return judged(shares, found.judged_truth)

    def logits(self, net: nn.Module) -> Floats:
        """Of the windows of the validation part."""
        device = next(net.parameters()).device
        net.eval()
        with torch.no_grad():
            parts = [
                net(torch.from_numpy(part).to(device)).float().cpu().numpy()
                for part in np.array_split(
                    self.material.judged, len(self.material.judged) // 256 + 1
                )
            ]
        return np.concatenate(parts)

    def temperature(self, net: nn.Module) -> float:
        """The temperature that fits confidence to accuracy on the validation part."""
        found = self.material
        return calibrate(found.judged_truth, self.logits(net), found.judged_owner)


def masked(inputs: Tensor) -> Tensor:
    """SpecAugment by torchaudio: other strips in every window. Zero is the mean.

    Args:
        inputs: normalised, shape (items, bands, frames).
    """
    from torchaudio.transforms import FrequencyMasking, TimeMasking

    image = inputs.unsqueeze(1)
    for mask in (
        FrequencyMasking(BANDS_MASKED, iid_masks=True),
        TimeMasking(FRAMES_MASKED, iid_masks=True),
    ):
        image = mask(image)
    return image.squeeze(1)


def judged(shares: Floats, truth: Ints) -> Judged:
    """Figures of recordings' shares, shape (recordings, labels)."""
    right = shares.argmax(axis=1) == truth
    loss = -np.log(shares[np.arange(len(truth)), truth] + 1e-9).mean()
    recalls = [right[truth == k].mean() for k in np.unique(truth)]
    return Judged(float(loss), float(right.mean()), float(np.mean(recalls)))
