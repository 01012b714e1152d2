"""Measures the bandwidth of a recording from its mean spectrum."""

import numpy as np
from numpy.typing import NDArray

from earshot.audio.features.level import SILENT
from earshot.audio.features.spectra import hann
from earshot.compute.sound import Waveform

SIZE = 2048
"""Samples in a window: bins of 8 Hz at 16 kHz, of 23 Hz at 48 kHz."""
MOST_WINDOWS = 8
"""Windows used per block, spread evenly: all of a second at 16 kHz, a third of it at 48 kHz."""
SMOOTHED_HZ = 100
"""Width of the mean over neighbouring bins."""

QUANTISATION = (1 / 32_768) ** 2 / 12
"""Noise power of rounding to PCM16, in the units of a bin: white noise has its variance in each
bin."""
ABOVE_QUANTISATION = 10.0
"""10 dB: dither adds up to 5."""
BELOW_STRONGEST = 1e-8
"""-80 dB. Speech falls by 50 to 60 dB from its strongest band to 10 kHz; filters of converters
suppress by more than 80."""


class Bandwidth:
    """Call ``update`` for every block, then ``hertz``. Windows of silence do not count."""

    def __init__(self, channels: int, sample_rate: int) -> None:
        self._rate = sample_rate
        self._power = np.zeros((channels, SIZE // 2 + 1))
        self._windows = np.zeros(channels)

    def update(self, block: Waveform) -> None:
        """Adds a block of shape (channels, samples). A rest shorter than a window is ignored."""
        count = block.shape[1] // SIZE
        if count == 0:
            return
        rows = block[:, : count * SIZE].reshape(len(block), count, SIZE)[
            :, :: -(-count // MOST_WINDOWS)
        ]
        rows = rows - rows.mean(axis=2, keepdims=True)
        audible = np.square(rows).mean(axis=2) >= SILENT**2
        if not audible.any():
            return
        spectrum = np.fft.rfft(rows * hann(SIZE))
        power = np.square(spectrum.real) + np.square(spectrum.imag)
        self._power += (power * audible[:, :, None]).sum(axis=1)
        self._windows += audible.sum(axis=1)

    def hertz(self) -> list[int | None]:
        """Bandwidth of each channel: the spectrum above it is empty. None without an audible
        window."""
        return [
            self._edge(power / windows) if windows else None
            for power, windows in zip(self._power, self._windows, strict=True)
        ]

    def _edge(self, power: NDArray[np.float64]) -> int | None:
        density = power / float(np.square(hann(SIZE)).sum())
        step = self._rate / SIZE
        width = max(round(SMOOTHED_HZ / step), 1)
        smooth = np.convolve(density, np.full(width, 1 / width), mode="same")
        above = np.flatnonzero(
            smooth > max(ABOVE_QUANTISATION * QUANTISATION, BELOW_STRONGEST * smooth.max())
        )
        # Smoothing moves the edge up by half its width.
        return max(round((above[-1] - width // 2) * step), round(step)) if len(above) else None
