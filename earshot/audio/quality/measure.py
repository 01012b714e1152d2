"""Measures the audio quality of a file while it is decoded, channel by channel, in constant
memory."""

import math
from collections.abc import Sequence

import numpy as np

from earshot.analysis.quality import ChannelQuality, Crosstalk, RecordingQuality, judged
from earshot.audio.decoding.probe import Probe
from earshot.audio.features.level import SILENT
from earshot.audio.quality.bandwidth import Bandwidth
from earshot.audio.quality.clipping import Clipping
from earshot.audio.quality.dual_mono import EQUAL_BELOW
from earshot.audio.quality.lufs import Loudness
from earshot.compute.sound import Waveform


class QualityMeter:
    """Call ``update`` for every decoded block, then ``judge`` once."""

    def __init__(self, found: Probe) -> None:
        channels, rate = found.channels, found.sample_rate
        self._clipping = Clipping(channels, found.codec)
        self._bandwidth = Bandwidth(channels, rate)
        self._loudness = Loudness(channels, rate)
        self._samples = 0
        self._sum, self._peak, self._loudest = (
            np.zeros(channels),
            np.zeros(channels),
            np.zeros(channels),
        )
        self._products = np.zeros((channels, channels))

    def update(self, block: Waveform) -> None:
        """Adds about a second at the file's own rate, shape (channels, samples)."""
        if block.shape[1] == 0:
            return
        block = np.ascontiguousarray(
            block
        )  # decoders interleave; numpy is several times faster channel by channel
        self._clipping.update(block)
        self._bandwidth.update(block)
        self._loudness.update(block)
        self._levels(block)

    def judge(
        self, snr_db: Sequence[float | None], crosstalk: Sequence[tuple[Crosstalk, ...]] = ()
    ) -> RecordingQuality:
        """Returns the quality of the file and of each of its channels.

        Args:
            snr_db: of every analysed channel: as many as the file has, or one if they were mixed or
                equal.
            crosstalk: likewise.
        """
        channels = len(self._sum)
        each = list(snr_db) if len(snr_db) == channels else [None] * channels
        found = zip(
            self._loudness.each(),
            self._clipping.shares(),
            self._bandwidth.hertz(),
            each,
            strict=True,
        )
        judgements = tuple(
            ChannelQuality(
                channel=i,
                peak_dbfs=round(20 * math.log10(self._peak[i]), 1) if self._peak[i] > 0 else None,
                loudness_lufs=_rounded(loudness),
                clipped_share=round(clipped, 6),
                snr_db=_rounded(snr),
                bandwidth_hz=hertz,
                dc_offset=round(self._sum[i] / max(self._samples, 1), 5),
                dead=bool(self._loudest[i] < SILENT),
                crosstalk=crosstalk[i] if len(crosstalk) == channels else (),
            )
            for i, (loudness, clipped, hertz, snr) in enumerate(found)
        )
        mixed = None if len(snr_db) == channels else _rounded(snr_db[0])
        return judged(judgements, _rounded(self._loudness.together()), mixed, self._is_one_signal())

    def _levels(self, block: Waveform) -> None:
        size = block.shape[1]
        mean = block.mean(axis=1, dtype=np.float64)
        sound = block - mean[:, None].astype(np.float32)
        products = (sound @ sound.T).astype(np.float64)
        self._samples += size
        self._sum += mean * size
        self._peak = np.maximum(self._peak, np.abs(block).max(axis=1))
        self._products += products
        self._loudest = np.maximum(self._loudest, np.sqrt(np.diagonal(products) / size))

    def _is_one_signal(self) -> bool:
        """True if two channels carry the same signal, up to gain and polarity: the residual of one
        after subtracting the other stays below the limit of ``earshot.audio.quality.dual_mono``."""
        if len(self._sum) != 2 or (self._loudest < SILENT).any():
            return False
        one, other = np.diagonal(self._products)
        return bool(1 - self._products[0, 1] ** 2 / (one * other) <= EQUAL_BELOW)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)
