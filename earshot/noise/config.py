"""Options of the noise classifier of [004], with its defaults (004-08..11)."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from earshot.analysis.errors import Misconfigured
from earshot.analysis.noise_labels import CLASSIFIED
from earshot.audio.features.spectra import MelSpec
from earshot.audio.features.windows import WindowSpec

NOISE_CATEGORIES_V2 = CLASSIFIED
"""The 58 categories of the softmax head, in the order of [004]; ``fire_alarm`` has a detector of
its own (C-01)."""

NUM_CLASSES_V2 = len(NOISE_CATEGORIES_V2)


@dataclass(frozen=True)
class AudioFeatureConfig:
    """From samples to the network's input (004-08). 128 frames are 1.365 s at 48 kHz; longer audio
    is cut into windows that overlap by half, and their answers are averaged (C-10)."""

    sample_rate: int = 48_000  # Hz
    n_fft: int = 2048
    hop_length: int = 512  # samples
    n_mels: int = 128
    n_mfcc: int = 40
    spectrogram_height: int = 128  # bands
    spectrogram_width: int = 128  # frames
    enable_augmentation: bool = True
    """Training data is augmented only if both this and the data set enable it (C-37)."""

    def __post_init__(self) -> None:
        if self.spectrogram_height != self.n_mels:
            raise Misconfigured(
                "features",
                f"spectrogram_height {self.spectrogram_height} must be n_mels, {self.n_mels}: a row"
                " is a band",
            )
        if self.n_mfcc > self.n_mels:
            raise Misconfigured(
                "features", f"n_mfcc {self.n_mfcc} must not be above n_mels, {self.n_mels}"
            )

    def window(self) -> WindowSpec:
        """The same as a spec of ``earshot.audio.features.windows``, which workers read from a
        checkpoint's metadata."""
        mel = MelSpec(
            n_fft=self.n_fft,
            window=self.n_fft,
            hop=self.hop_length,
            n_mels=self.n_mels,
            fmin=20.0,
            fmax=self.sample_rate / 2,
            offset=1e-6,
            sample_rate=self.sample_rate,
            power=2,
            centre=True,
        )
        return WindowSpec(
            mel=mel,
            length=self.spectrogram_width,
            hop=self.spectrogram_width // 2,
            layout="mel_time",
        )


@dataclass(frozen=True)
class ModelConfig:
    """The network (004-09)."""

    num_classes: int = NUM_CLASSES_V2
    dropout: float = 0.3
    pretrained: bool = True
    """Start from ImageNet weights if they are on this machine; nothing is fetched, and the metadata
    records the outcome (C-36)."""
    architecture: str = "efficientnet_b3"


@dataclass(frozen=True)
class TrainingConfig:
    """One training run (004-10)."""

    num_epochs: int = 50
    batch_size: int = 32
    learning_rate: float = 1e-4
    weight_decay: float = 1e-5
    early_stopping_patience: int = 15  # epochs without a lower validation loss
    device: Literal["cpu", "cuda"] = "cpu"
    checkpoint_dir: str = "checkpoints"
    """Holds ``best_model.pth``, the epoch with the lowest validation loss."""
    seed: int = 0


@dataclass(frozen=True)
class InferenceConfig:
    """Options of inference (004-11)."""

    model_path: str | Path | None = None  # .onnx, .pth or .pt; None: untrained
    device: Literal["cpu", "cuda"] = "cpu"
    """Device of ``.pth`` and ``.pt`` models; an ``.onnx`` model runs on the CPU."""
    return_top_k: int = 5
