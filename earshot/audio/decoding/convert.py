"""Converts decoded frames to float32 arrays of one rate and channel count with FFmpeg's
resampler."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from earshot.audio.features.level import mixed
from earshot.compute.sound import Waveform


class Converter:
    """One resampler per sample format, channel layout and rate in the file; only those that change
    the rate buffer samples.

    It also packs the channels: PyAV 18 reads past the end of planar frames with 8 channels and
    crashes.
    """

    def __init__(self, rate: int, channels: int) -> None:
        self._rate, self._channels = rate, channels
        self._last = (rate, channels)
        self._resamplers: dict[tuple[str, str, int], Any] = {}
        self._holding: tuple[str, str, int] | None = None

    def differs(self, frame: Any) -> bool:
        """True if the rate or the number of channels differs from the previous frame's."""
        now = (frame.sample_rate, frame.layout.nb_channels)
        changed, self._last = now != self._last, now
        return changed

    def __call__(self, frame: Any) -> Waveform:
        """Shape (channels, samples); none while the resampler is filling."""
        import av

        kind = (frame.format.name, frame.layout.name, frame.sample_rate)
        if kind not in self._resamplers:
            same_rate = frame.sample_rate == self._rate
            self._resamplers[kind] = av.AudioResampler(
                format="flt", rate=None if same_rate else self._rate
            )
        if frame.sample_rate != self._rate:
            self._holding = kind
        frame.pts = None
        return self._packed(self._resamplers[kind].resample(frame), frame.layout.nb_channels)

    def rest(self) -> Iterator[Waveform]:
        """The samples left in a resampler; call before frames that differ, and after the last."""
        if self._holding is not None:
            resampler = self._resamplers.pop(self._holding)
            self._holding = None
            parts = resampler.resample(None)
            if parts:
                yield self._packed(parts, parts[0].layout.nb_channels)

    def _packed(self, parts: list[Any], channels: int) -> Waveform:
        flat = np.concatenate(
            [np.zeros(0, dtype=np.float32), *(part.to_ndarray()[0] for part in parts)]
        )
        return _spread(flat.reshape(-1, channels).T, self._channels)


def _spread(waveform: Waveform, channels: int) -> Waveform:
    """Copies one channel to all, or mixes many and copies the mix to all: nothing is lost, and
    levels stay."""
    if len(waveform) == channels:
        return waveform
    return np.repeat(
        (mixed(waveform) if len(waveform) > 1 else waveform[0])[None], channels, axis=0
    )
