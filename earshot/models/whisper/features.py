"""Log-mel features of Whisper, computed on the network's device; transformers'
WhisperFeatureExtractor pads, copies and transforms on the CPU, which takes longer than the encoder
of a small checkpoint on a GPU."""

from collections.abc import Sequence
from typing import Any

from earshot.compute.sound import Samples

LEAST_POWER = 1e-10
RANGE = 8.0
"""Powers of ten below the loudest band of a row; less is raised to that (openai/whisper
``earshot/audio/__init__.py``)."""


def log_mel(extractor: Any, rows: Sequence[Samples], device: str) -> Any:
    """Shape (rows, mels, frames), each row filled up to the window of the checkpoint; single
    precision.

    Args:
        extractor: the checkpoint's own, whose filters, window and steps are used.
        rows: none longer than the window.
    """
    import torch

    sound = torch.zeros(len(rows), extractor.n_samples, device=device)
    for index, row in enumerate(rows):
        sound[index, : len(row)] = torch.from_numpy(row)
    window = torch.hann_window(extractor.n_fft, device=device)
    spectra = torch.stft(
        sound, extractor.n_fft, extractor.hop_length, window=window, return_complex=True
    )
    filters = torch.from_numpy(extractor.mel_filters).float().to(device)
    bands = (filters.T @ spectra[..., :-1].abs().square()).clamp_min(LEAST_POWER).log10()
    loudest = bands.amax((1, 2), keepdim=True)
    return (torch.maximum(bands, loudest - RANGE) + 4.0) / 4.0
