"""An opened model: one of the service's own networks, or a file in any of its formats."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from earshot.analysis.types import Release
from earshot.audio.features.spectra import Array
from earshot.models.checkpoints.location import sha256
from earshot.models.scoring import softmax
from earshot.models.sound.noise import open_noise, tempered
from earshot.noise import exports
from earshot.noise.config import AudioFeatureConfig, ModelConfig
from earshot.noise.network import Network
from earshot.noise.one_thread import one_thread
from earshot.noise.sound import resampled
from earshot.noise.torch_extractor import TorchAudioFeatureExtractor, device_of
from earshot.settings import settings


@dataclass(frozen=True)
class Opened:
    """Labels, and a function to the shares of every window of mono audio at any rate, shape
    (windows, labels)."""

    labels: tuple[str, ...]
    windows: Callable[[Array, int], Array]
    version: str
    pooled_temperature: float = 1.0

    def shares(self, samples: Array, sample_rate: int) -> NDArray[np.float32]:
        """Shares of the whole audio, shape (labels,)."""
        with one_thread("torch" in sys.modules):
            return tempered(
                self.windows(samples, sample_rate).mean(axis=0), self.pooled_temperature
            )


def of_onnx(path: Path) -> Opened:
    """Opens an export, or a checkpoint of this project; needs no torch, and runs on the CPU."""
    release = Release(
        analysis="noise", name=path.stem, runtime="onnx", uri=str(path), sha256=sha256(path)
    )
    found = open_noise(release, "cpu", settings())
    model = found.windows
    wanted = model.spec.mel.sample_rate

    def windows(samples: Array, rate: int) -> Array:
        return model.scores(resampled(samples, rate, wanted), wanted)

    return Opened(model.labels, windows, found.version or path.stem, found.pooled_temperature)


def of_network(network: Network, device: str = "cpu") -> Opened:
    """Wraps a torch network in its current state.

    Raises:
        Misconfigured: there is no such device here.
    """
    device = device_of(device)
    extractor = TorchAudioFeatureExtractor(network.features, device)

    def windows(samples: Array, rate: int) -> Array:
        network.module.to(device)  # here, because training and export leave it on the CPU
        cut = extractor.extract_windows(resampled(samples, rate, network.features.sample_rate))
        return softmax(network.logits(cut), network.temperature)

    return Opened(network.labels, windows, network.version)


def of_script(path: Path, device: str = "cpu") -> Opened:
    """Opens a TorchScript export.

    Raises:
        Misconfigured: there is no such device here.
    """
    script, described = exports.read_torchscript(path, device_of(device))
    mel = described.window.mel
    features = AudioFeatureConfig(
        sample_rate=mel.sample_rate,
        n_fft=mel.n_fft,
        hop_length=mel.hop,
        n_mels=mel.n_mels,
        n_mfcc=min(mel.n_mels, AudioFeatureConfig.n_mfcc),
        spectrogram_height=mel.n_mels,
        spectrogram_width=described.window.length,
    )
    network = Network(
        script, features, ModelConfig(), described.labels, described.first_weights or ""
    )
    network.version, network.temperature = described.model_version or "", described.temperature
    return of_network(network, device)
