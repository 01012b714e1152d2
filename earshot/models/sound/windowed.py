"""A checkpoint over fixed log-mel windows: waveform in, calibrated shares per window out."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from earshot.analysis.types import Release
from earshot.audio.features.chosen_windows import windows_at
from earshot.audio.features.windows import WindowSpec, windows, windows_of
from earshot.models.metadata import WindowedMetadata
from earshot.models.onnx_model import OnnxModel, open_model
from earshot.models.options import Options
from earshot.models.scoring import softmax

Array = NDArray[np.float32]


@dataclass(frozen=True)
class WindowedModel:
    """The network with the input it was trained for (C-13)."""

    onnx: OnnxModel
    spec: WindowSpec
    mean: Array  # per mel band, of the training windows
    std: Array
    temperature: float

    @property
    def labels(self) -> tuple[str, ...]:
        return self.onnx.labels

    @property
    def pooled_temperature(self) -> float:
        """Of shares once they are pooled: none, for every window has had its own."""
        return 1.0

    @property
    def native(self) -> tuple[str, ...]:
        """The network's own classes: its labels."""
        return self.onnx.labels

    def gathered(self, scores: Array) -> Array:
        """Scores of the labels out of those of ``native``: the same."""
        return scores

    def scores(self, waveform: Array, sample_rate: int) -> Array:
        """Shares of every window of a mono waveform, shape (windows, labels)."""
        return self._answers(windows(waveform, sample_rate, self.spec))

    def scores_of(self, waveforms: Sequence[Array], sample_rate: int) -> Array:
        """Shares of every window of many waveforms one after the other."""
        return self._answers(windows_of(waveforms, sample_rate, self.spec))

    def scores_at(self, waveform: Array, sample_rate: int, places: NDArray[np.int64]) -> Array:
        """Shares of the windows at these positions only."""
        return self._answers(windows_at(waveform, sample_rate, self.spec, places))

    def _answers(self, cut: Array) -> Array:
        """Outputs for windows, which are modified in place."""
        cut -= self.mean
        cut /= self.std
        (logits,) = self.onnx.run(cut).values()
        return softmax(logits, self.temperature)


def open_windowed(release: Release, device: str, options: Options) -> WindowedModel:
    """Opens a windowed checkpoint; always on the CPU.

    Raises:
        Misconfigured: as ``open_model``, or the metadata is not that of a windowed checkpoint.
    """
    return windowed_of(open_model(release, options))


def windowed_of(onnx: OnnxModel) -> WindowedModel:
    """The same for a checkpoint that is open already."""
    found = onnx.metadata(WindowedMetadata)
    mean, std = (np.asarray(each, np.float32) for each in (found.mean, found.std))
    if found.window.layout == "mel_time":
        mean, std = mean[:, None], std[:, None]
    return WindowedModel(onnx, found.window, mean, std, found.temperature)
