"""Turns the packets of an audio track into waveforms that lie where the file's timestamps say."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from analysis.errors import BadAudio
from audio.clip import Waveform
from audio.decoders import decoder
from audio.probe import Probe

GAP_MS = 200
"""Timestamps may run ahead of the samples by this much; beyond, sound is missing (a lost connection, a damaged stretch) and
silence takes its place, so that everything after it keeps its time."""
LONGEST_GAP_MS = 60_000
"""In a file that states no duration, a greater leap is taken for a clock that was set anew."""


@dataclass
class Tally:
    """What became of the file's packets and samples; complete once all waveforms are used up."""

    samples: int = 0
    silenced: int = 0
    """Samples of silence put where the file has none; part of ``samples``."""
    packets: int = 0
    damaged: int = 0
    """Packets that could not be decoded, with sound before and after them."""
    damaged_at_end: int = 0
    truncated_ms: int = 0
    """Missing at the end, when the caller accepts truncated recordings."""


def waveforms(container: Any, stream: Any, probe: Probe, tally: Tally) -> Iterator[Waveform]:
    """Float32, shape (channels, samples) of one decoded frame, or of up to a second of silence in a gap.

    Raises:
        BadAudio: ``unsupported``, the rate or the channels change half-way.
    """
    import av

    convert = _Converter(probe)
    clock = _Clock(probe)
    decode = decoder(stream)
    for packet in _packets(container, stream):
        is_flush = packet.size == 0
        tally.packets += not is_flush
        try:
            frames = decode(packet)
        except av.FFmpegError:
            tally.damaged_at_end += not is_flush
            continue
        if frames and not is_flush:
            # Before the first sound, decoders are still finding step.
            tally.damaged += tally.damaged_at_end if tally.samples else 0
            tally.damaged_at_end = 0
        for frame in frames:
            yield from _silence(clock.gap_before(frame, tally.samples), probe, tally)
            waveform = convert(frame)
            tally.samples += waveform.shape[1]
            yield waveform


class _Clock:
    """Compares a frame's timestamp with the number of samples before it."""

    def __init__(self, probe: Probe) -> None:
        self._rate = probe.sample_rate
        self._length = probe.duration_ms * probe.sample_rate // 1000 if probe.duration_ms else None
        self._origin: int | None = None

    def gap_before(self, frame: Any, done: int) -> int:
        """Samples that are missing before ``frame``."""
        if frame.pts is None or frame.time_base is None:
            return 0
        position = int(frame.pts * frame.time_base * self._rate)
        if self._origin is None:
            self._origin = position - done
        gap = position - self._origin - done
        tolerance = GAP_MS * self._rate // 1000
        longest = LONGEST_GAP_MS * self._rate // 1000 if self._length is None else self._length - done
        if gap < -tolerance or gap > max(longest, tolerance):
            self._origin = position - done
            return 0
        return gap if gap > tolerance else 0


def _silence(samples: int, probe: Probe, tally: Tally) -> Iterator[Waveform]:
    tally.samples += samples
    tally.silenced += samples
    for start in range(0, samples, probe.sample_rate):
        yield np.zeros((probe.channels, min(probe.sample_rate, samples - start)), dtype=np.float32)


def _packets(container: Any, stream: Any) -> Iterator[Any]:
    import av

    try:
        yield from container.demux(stream)
    except av.FFmpegError:
        return  # the container breaks off here; the length check decides whether that matters


class _Converter:
    """Decoded frames to float32 arrays through FFmpeg's own converter, one per sample format and channel layout in the file.

    It also packs the channels: PyAV 18 reads past the end of planar frames with 8 channels and crashes.
    """

    def __init__(self, probe: Probe) -> None:
        self._probe = probe
        self._converters: dict[tuple[str, str], Any] = {}

    def __call__(self, frame: Any) -> Waveform:
        import av

        rate, channels = self._probe.sample_rate, self._probe.channels
        if (frame.sample_rate, frame.layout.nb_channels) != (rate, channels):
            now = f"{frame.sample_rate} Hz, {frame.layout.nb_channels} channels"
            raise BadAudio(
                "unsupported", f"The sound changes from {rate} Hz, {channels} channels to {now}; split the file there"
            )
        kind = (frame.format.name, frame.layout.name)
        if kind not in self._converters:
            self._converters[kind] = av.AudioResampler(format="flt")
        frame.pts = None
        parts = [part.to_ndarray()[0] for part in self._converters[kind].resample(frame)]
        return np.concatenate([np.zeros(0, dtype=np.float32), *parts]).reshape(-1, channels).T
