"""Training data of speech networks: takes of each recording as log-mel frames, with a new random
cut at every access."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

SHORT, SHORTEST = 0.05, 10
"""Share of cuts shorter than a window, and frames of the shortest: utterances of a tenth of a
second exist."""

TURNS = 4
"""Cosines over the bands in a random line: level, tilt and two broader bends."""


@dataclass
class Takes:
    """A sequence of windows for ``training.fitting.fit``: every access cuts the take anew
    (C-12)."""

    frames: Floats  # (frames of all takes, bands), float16
    first: Ints  # first frame of each take
    length: Ints  # frames, at least ``window``
    window: int  # frames
    random: np.random.Generator
    mean: Floats  # per band, subtracted before the division by ``std``
    std: Floats
    # deviation of each cosine of a random microphone and line, in the units of the frames (nepers)
    line: float = 0.0
    shift: int = 0  # bands by which a voice's formants and harmonics may move up or down

    def __len__(self) -> int:
        return len(self.first)

    def __getitem__(self, rows: Ints) -> Floats:
        """Normalised windows of shape (rows, bands, window)."""
        room = self.length[rows] - self.window + 1
        begin = self.first[rows] + (self.random.random(len(rows)) * room).astype(np.int64)
        cut = self.frames[begin[:, None] + np.arange(self.window)].astype(np.float32)
        cut = self._lined(self._moved(cut))
        self._shorten(cut)
        return np.ascontiguousarray(((cut - self.mean) / self.std).transpose(0, 2, 1))

    def of(self, rows: Ints) -> "Takes":
        """The given takes, in that order; the frames are shared."""
        return replace(self, first=self.first[rows], length=self.length[rows])

    def _moved(self, cut: Floats) -> Floats:
        if not self.shift:
            return cut
        bands = cut.shape[2]
        by = self.random.integers(-self.shift, self.shift + 1, len(cut))
        source = np.clip(np.arange(bands) + by[:, None], 0, bands - 1)
        return np.take_along_axis(cut, source[:, None, :], axis=2)

    def _lined(self, cut: Floats) -> Floats:
        if not self.line:
            return cut
        bands = np.arange(cut.shape[2]) + 0.5
        curves = np.cos(np.pi / cut.shape[2] * np.arange(TURNS)[:, None] * bands)
        weights = self.random.normal(0, self.line, (len(cut), TURNS))
        return cut + (weights @ curves).astype(np.float32)[:, None, :]

    def _shorten(self, cut: Floats) -> None:
        """Fills the part after a random end with the quietest values before it, as
        ``earshot.audio.features.spectra.patches`` does."""
        for i in np.flatnonzero(self.random.random(len(cut)) < SHORT):
            end = int(self.random.integers(SHORTEST, self.window))
            cut[i, end:] = cut[i, :end].min(axis=0)


def gathered(spectrograms: Sequence[Floats], window: int) -> Takes:
    """Takes from log-mel spectrograms of shape (frames, bands), not normalised yet; short ones are
    padded to a window."""
    filled = [_filled(each, window).astype(np.float16) for each in spectrograms]
    length = np.array([len(each) for each in filled])
    frames = np.concatenate(filled)
    bands = frames.shape[1]
    return Takes(
        frames, np.cumsum(length) - length, length, window, np.random.default_rng(0),
        np.zeros(bands, np.float32), np.ones(bands, np.float32),
    )  # fmt: skip


def statistics(takes: Takes) -> tuple[Floats, Floats]:
    """Mean and deviation of every band over the takes."""
    bands = takes.frames.shape[1]
    total, squares, count = np.zeros(bands), np.zeros(bands), 0
    for first, length in zip(takes.first, takes.length, strict=True):
        part = takes.frames[first : first + length].astype(np.float64)
        total, squares, count = (
            total + part.sum(axis=0),
            squares + (part**2).sum(axis=0),
            count + length,
        )
    mean = total / count
    return mean.astype(np.float32), (np.sqrt(squares / count - mean**2) + 1e-3).astype(np.float32)


def _filled(frames: Floats, window: int) -> Floats:
    missing = max(window - len(frames), 0)
    return np.concatenate([frames, np.broadcast_to(frames.min(axis=0), (missing, frames.shape[1]))])
