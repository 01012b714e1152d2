"""A noise checkpoint on YAMNet: a small head of this project over the features of the fetched
network."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from earshot.analysis.errors import Misconfigured
from earshot.analysis.types import Release
from earshot.audio.features.chosen_windows import windows_at
from earshot.audio.features.spectra import YAMNET
from earshot.audio.features.windows import WindowSpec, begin_ms
from earshot.models.checkpoints import catalog
from earshot.models.metadata import HeadMetadata
from earshot.models.onnx_model import OnnxModel, open_model
from earshot.models.options import Options
from earshot.models.scoring import softmax

Array = NDArray[np.float32]

FEATURES = "embedding"
"""YAMNet's output of that name: 1024 numbers a window."""

SPEC = WindowSpec(mel=YAMNET, length=96, hop=48)


@dataclass(frozen=True)
class OnYamnet:
    """Same interface as ``earshot.models.sound.windowed.WindowedModel``: shares of labels in
    windows of 0.96 s that overlap by half."""

    base: OnnxModel
    head: OnnxModel
    temperature: float
    spec: WindowSpec = SPEC

    @property
    def labels(self) -> tuple[str, ...]:
        return self.head.labels

    def scores(self, waveform: Array, sample_rate: int) -> Array:
        """Shares of every window of a mono waveform, shape (windows, labels)."""
        return self.scores_at(
            waveform, sample_rate, np.arange(len(begin_ms(len(waveform), self.spec)))
        )

    def scores_at(self, waveform: Array, sample_rate: int, places: NDArray[np.int64]) -> Array:
        """Shares of the windows at these positions, shape (places, labels)."""
        features = self.base.run(windows_at(waveform, sample_rate, self.spec, places))[FEATURES]
        (logits,) = self.head.run(features).values()
        return softmax(logits, self.temperature)


def open_on_yamnet(release: Release, head: OnnxModel, options: Options) -> OnYamnet:
    """Opens the base network of a head.

    Raises:
        Misconfigured: the catalog does not have it, or it is not on this machine; the message gives
            the remedy.
    """
    base = base_of(release, head.metadata(HeadMetadata).base)
    return on_base(open_model(base, options), head)


def on_base(base: OnnxModel, head: OnnxModel) -> OnYamnet:
    """A head over the network that it stands on, both open.

    Raises:
        Misconfigured: the head's metadata is not that of a head.
    """
    return OnYamnet(base, head, head.metadata(HeadMetadata).temperature)


def base_of(release: Release, base: str) -> Release:
    """The network of that name, without its own labels, which a head does not use.

    Raises:
        Misconfigured: the catalog does not know it.
    """
    entry = next((each for each in catalog.load() if each.name == base), None)
    if entry is None:
        raise Misconfigured(
            "checkpoint",
            f"{release.name} stands on {base}, which the catalog of this version does not know",
        )
    return entry.release().model_copy(update={"labels": ()})
