"""YAMNet: 521 classes of sound a window, gathered into the scenes by
``earshot/models/sound/audioset_scene.toml`` (000-05)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from earshot.analysis.errors import Misconfigured
from earshot.analysis.findings import SCENES
from earshot.analysis.types import Release
from earshot.audio.features.chosen_windows import windows_at
from earshot.audio.features.spectra import YAMNET
from earshot.audio.features.windows import WindowSpec, windows, windows_of
from earshot.models.onnx_model import OnnxModel, open_model
from earshot.models.options import Options
from earshot.models.sound.audioset import Classes, classes

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Yamnet:
    """The network and what its outputs mean. Its front end is that of tensorflow/models,
    research/audioset/yamnet: patches of 0.96 s that overlap by half."""

    onnx: OnnxModel
    known: Classes
    spec: WindowSpec
    labels: tuple[str, ...]

    @property
    def pooled_temperature(self) -> float:
        """Of shares once they are pooled, see ``earshot/models/sound/audioset_scene.toml``."""
        return self.known.temperature

    @property
    def native(self) -> tuple[str, ...]:
        return self.known.names

    def scores(self, waveform: Array, sample_rate: int) -> Array:
        """Independent scores of the classes in every window of a mono waveform, shape (windows,
        521)."""
        return self.onnx.run(windows(waveform, sample_rate, self.spec))["scores"]

    def scores_of(self, waveforms: Sequence[Array], sample_rate: int) -> Array:
        """The same of many waveforms one after the other."""
        return self.onnx.run(windows_of(waveforms, sample_rate, self.spec))["scores"]

    def scores_at(self, waveform: Array, sample_rate: int, places: NDArray[np.int64]) -> Array:
        """The same of the windows at these positions only."""
        return self.onnx.run(windows_at(waveform, sample_rate, self.spec, places))["scores"]

    def gathered(self, scores: Array) -> Array:
        """Score of each label, shape (windows, labels): not yet shares (C-05)."""
        return self.known.gathered(scores, self.labels)


def open_yamnet(release: Release, device: str, options: Options) -> Yamnet:
    """Opens the checkpoint, which says nothing about itself: its classes and their scenes are those
    of the mapping.

    Raises:
        Misconfigured: as ``open_model``, or it is another network.
    """
    onnx = open_model(release.model_copy(update={"labels": ()}), options)
    known = classes()
    outputs = {output.name: output.shape for output in onnx.session.get_outputs()}
    if outputs.get("scores", [None])[-1] != len(known.names) or release.labels not in ((), SCENES):
        raise Misconfigured(
            "checkpoint",
            f"{release.name}: YAMNet has {len(known.names)} scores and the labels {list(SCENES)},"
            " this is not it",
        )
    return Yamnet(onnx, known, WindowSpec(mel=YAMNET, length=96, hop=48), SCENES)
