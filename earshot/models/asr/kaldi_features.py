"""Log-mel features as in Kaldi, computed on the network's device.

transformers' SeamlessM4TFeatureExtractor, the front end of Wav2Vec2-BERT, computes them on the CPU,
one frame after the other, in half a second for a full job. The settings and filters here are the
extractor's own, and so are the numbers, up to the rounding of its single-precision spectra
(``tests/runtimes/speech/test_device_features.py``).
"""

from collections.abc import Sequence
from typing import Any

from earshot.compute.sound import Samples

FRAME, STEP, FOURIER = 400, 160, 512
"""Samples: of a frame, between the beginnings of two, and of the transform."""
PREEMPHASIS = 0.97
FLOOR = 1.192092955078125e-07
"""Of a mel band's power, as in Kaldi: the rounding of single precision."""
FULL_SCALE = 2**15
SPREAD = 1e-7
"""Added to the variance that rows are divided by."""


def fits(extractor: Any) -> bool:
    """True if a checkpoint's feature extractor is the one implemented here."""
    return type(extractor).__name__ == "SeamlessM4TFeatureExtractor"


class KaldiFeatures:
    """The filters and the window of one extractor, on one device."""

    def __init__(self, extractor: Any, device: str) -> None:
        import torch

        self._device, self._stride, self._padding = (
            device,
            int(extractor.stride),
            float(extractor.padding_value),
        )
        # Double precision, as there: single would blur bands far below the loudest one.
        self._filters = torch.from_numpy(extractor.mel_filters).double().to(device)
        self._window = torch.from_numpy(extractor.window).double().to(device)

    def __call__(self, rows: Sequence[Samples]) -> dict[str, Any]:
        """Inputs of the network: ``input_features``, shape (rows, frames, stride x mels), and their
        ``attention_mask``."""
        import torch
        from torch.nn.utils.rnn import pad_sequence

        found = [self._row(row) for row in rows]
        longest = max(map(len, found))
        features = pad_sequence(found, batch_first=True, padding_value=self._padding)
        features = torch.nn.functional.pad(features, (0, 0, 0, longest % 2), value=self._padding)
        counts = torch.tensor([len(each) for each in found], device=self._device)
        held = torch.arange(features.shape[1], device=self._device) < counts[:, None]
        frames = features.shape[1] // self._stride
        features = features[:, : frames * self._stride].reshape(len(found), frames, -1)
        # The last of the stacked frames decides if they count as audio.
        return {
            "input_features": features,
            "attention_mask": held[:, 1 : frames * self._stride : self._stride].int(),
        }

    def _row(self, row: Samples) -> Any:
        """Shape (frames, mels), each mel band with mean 0 and variance 1."""
        import torch

        sound = torch.from_numpy(row).to(self._device).double() * FULL_SCALE
        frames = sound.unfold(0, FRAME, STEP)
        frames = frames - frames.mean(1, keepdim=True)
        before = torch.nn.functional.pad(frames[:, :-1], (1, 0))
        before[:, 0] = frames[:, 0]
        spectra = torch.fft.rfft((frames - PREEMPHASIS * before) * self._window, FOURIER)
        bands = (spectra.abs().square() @ self._filters).clamp_min(FLOOR).log().float()
        return (bands - bands.mean(0)) / (bands.var(0) + SPREAD).sqrt()
