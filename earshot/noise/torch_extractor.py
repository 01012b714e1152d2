"""Features on torch, for training and for torch checkpoints; numerically equal to those of
``earshot.audio.features.windows``."""

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from earshot.analysis.errors import Misconfigured
from earshot.audio.features.spectra import MelSpec, dct, hann, mel_bank, starts
from earshot.noise.config import AudioFeatureConfig

STATISTICS = ("mean", "standard deviation", "minimum", "maximum", "median")
"""Statistics of each coefficient over time: of 40, these are the 200 values of
``CustomNoiseClassifier(200, 5)`` (C-38)."""


class _LazyTorch:
    """Imports torch at first use, so that a machine without it can import, patch and classify
    ONNX."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith(
            "_"
        ):  # the caller inspects this object, as ``unittest.mock.patch`` does, and not torch
            raise AttributeError(name)
        return getattr(imported(), name)


@cache
def imported() -> Any:
    """The torch module.

    Raises:
        Misconfigured: it is not installed.
    """
    try:
        import torch
    except ImportError as error:
        raise Misconfigured(
            "torch",
            "this needs torch, which is not installed: pip install -r requirements/train.txt;"
            " without it, model_path takes an .onnx export, and MLService() answers with the"
            " embedded model",
        ) from error
    return torch


_torch: Any = _LazyTorch()


def device_of(asked: Any) -> str:
    """Returns the device by its name.

    Args:
        asked: ``cpu``, ``cuda``, or a ``torch.device``.
    Raises:
        Misconfigured: there is no such device here.
    """
    name = str(asked)
    if name.partition(":")[0] not in ("cpu", "cuda"):
        raise Misconfigured("device", f"there is no device {name}; set it to cpu or cuda")
    if name != "cpu" and not _torch.cuda.is_available():
        raise Misconfigured(
            "device", f"the device is to be {name}, but torch sees no CUDA device; set it to cpu"
        )
    return name


class TorchAudioFeatureExtractor:
    """Log-mel windows, cepstral coefficients and their statistics, as tensors on a device."""

    def __init__(self, config: AudioFeatureConfig | None = None, device: str = "cpu") -> None:
        self.config = config or AudioFeatureConfig()
        self.device = device
        self.window = self.config.window()

    def extract_mel_spectrogram(self, audio: NDArray[np.floating[Any]]) -> Any:
        """Natural logarithm of the mel bands of the first window of mono audio at
        ``config.sample_rate``.

        Returns:
            Tensor of shape (height, width); short audio is padded with its quietest values.
        """
        return self.extract_windows(audio)[0]

    def extract_windows(self, audio: NDArray[np.floating[Any]]) -> Any:
        """All windows of mono audio, overlapping by half: tensor of shape (windows, height,
        width)."""
        frames = self._log_mel(audio)
        length = self.window.length
        if len(frames) < length:
            quiet = frames.amin(dim=0).expand(length - len(frames), -1)
            frames = _torch.cat([frames, quiet])
        elif len(frames) > length:
            frames = frames[
                :-1
            ]  # the last frame of a centred spectrogram lies half behind the audio
        cut = [
            frames[start : start + length]
            for start in starts(len(frames), length, self.window.hop).tolist()
        ]
        return _torch.stack(cut).transpose(1, 2)

    def extract_mfcc(self, audio: NDArray[np.floating[Any]]) -> Any:
        """Cepstral coefficients over time: tensor of shape (n_mfcc, frames)."""
        basis = _torch.from_numpy(dct(self.config.n_mels, self.config.n_mfcc)).to(self.device)
        return (self._log_mel(audio) @ basis).T

    def extract_statistics(self, audio: NDArray[np.floating[Any]]) -> Any:
        """``STATISTICS`` of every coefficient: tensor of shape (5 * n_mfcc,)."""
        mfcc = self.extract_mfcc(audio)
        parts = [
            mfcc.mean(1),
            mfcc.std(1, correction=0),
            mfcc.amin(1),
            mfcc.amax(1),
            mfcc.median(1).values,
        ]
        return _torch.cat(parts)

    def _log_mel(self, audio: NDArray[np.floating[Any]]) -> Any:
        mel = self.window.mel
        if audio.ndim != 1:
            raise ValueError(
                f"features need one channel of shape (samples,), got {audio.shape}; mix or pick a"
                " channel first"
            )
        waveform = _torch.from_numpy(np.ascontiguousarray(audio, np.float32)).to(self.device)
        rows = _padded(waveform, mel).unfold(0, mel.window, mel.hop)
        spectrum = _torch.fft.rfft(
            rows * _torch.from_numpy(hann(mel.window)).to(self.device), mel.n_fft
        ).abs()
        bank = _torch.from_numpy(mel_bank(mel)).to(self.device)
        return _torch.log(spectrum**mel.power @ bank + mel.offset)


def _padded(waveform: Any, mel: MelSpec) -> Any:
    """Pads as ``earshot.audio.features.spectra`` does: mirrored at both ends, or with silence if
    the audio is too short to mirror."""
    edge = mel.window // 2
    mode = "reflect" if len(waveform) > edge else "constant"
    wide = _torch.nn.functional.pad(waveform[None], (edge, edge), mode=mode)[0]
    return _torch.nn.functional.pad(wide, (0, max(mel.window - len(wide), 0)))
