"""Decodes a recording at its own rate, block by block, so that its length never decides how much memory is needed."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from analysis.errors import BadAudio
from audio.clip import Waveform
from audio.media import open_media
from audio.probe import Probe

BLOCK_SECONDS = 1

TOLERATED_SHORT_MS = 300
TOLERATED_SHORT_SHARE = 0.01
"""How much shorter than its header says a recording may be. Encoder delay and padding take up to 2,112 + 256 samples, 296 ms at
8 kHz; length fields round and count whole packets, which stays under 1 %. Beyond both, sound is missing."""

TOLERATED_DAMAGED_SHARE = 0.02
"""Share of packets that may fail to decode, as in any player: tags between joined MP3s, a flipped bit. They become silence."""

SHORTEST_MS = 25
"""One analysis frame; a recording below this holds nothing that could be analysed."""

SELF_SYNCING = ("mp3", "aac", "ac3", "eac3")
"""Containers without a header, which FFmpeg also sees in random bytes."""


@dataclass
class Tally:
    """What became of the packets; complete once the blocks are used up."""

    samples: int = 0
    packets: int = 0
    damaged: int = 0
    damaged_at_end: int = 0
    truncated_ms: int = 0
    """Missing at the end, when the caller accepts truncated recordings."""


def decode(path: Path, probe: Probe, tally: Tally, accept_truncated: bool = False) -> Iterator[Waveform]:
    """Blocks of float32 in [-1, 1], shape (channels, about one second of samples).

    Raises:
        BadAudio: ``empty``, ``not_audio``, ``truncated``, ``corrupt``, ``not_finite``; some only after the last block.
    """
    with open_media(path) as (container, stream):
        for block in _blocks(_waveforms(container, stream, probe, tally), probe.sample_rate * BLOCK_SECONDS):
            if not np.isfinite(block).all():
                at = _clock(tally.samples, probe)
                raise BadAudio("not_finite", f"Samples near {at} are NaN or infinite; export the file again as PCM")
            yield block
    _check_damage(probe, tally)
    _check_length(probe, tally, accept_truncated)


def _check_damage(probe: Probe, tally: Tally) -> None:
    if tally.samples == 0 and (tally.damaged_at_end or tally.packets == 0) and probe.container in SELF_SYNCING:
        raise BadAudio("not_audio", "Not audio: no decoder finds sound in it")
    if tally.damaged > TOLERATED_DAMAGED_SHARE * tally.packets:
        raise BadAudio("corrupt", f"{tally.damaged} of {tally.packets} packets are damaged; export or download the file again")


def _check_length(probe: Probe, tally: Tally, accept_truncated: bool) -> None:
    got_ms = tally.samples * 1000 // probe.sample_rate
    promised_ms = probe.promised_ms or 0
    missing_ms = promised_ms - got_ms
    if missing_ms > max(TOLERATED_SHORT_MS, TOLERATED_SHORT_SHARE * promised_ms):
        tally.truncated_ms = missing_ms
        if tally.damaged_at_end > 1:
            raise BadAudio("corrupt", f"Damaged from {_clock(tally.samples, probe)} on; export or download the file again")
        if not accept_truncated:
            lengths = f"{got_ms / 1000:.1f} s of the {promised_ms / 1000:.1f} s its header states"
            raise BadAudio("truncated", f"Cut off: holds {lengths}; get the whole file, or accept it as truncated")
    if probe.is_cut and not accept_truncated:
        raise BadAudio("truncated", f"Cut off after {got_ms / 1000:.1f} s; get the whole file, or accept it as truncated")
    if got_ms < SHORTEST_MS:
        raise BadAudio("empty", f"A valid {probe.container} file with {tally.samples} samples: too short to hold any sound")


def _blocks(waveforms: Iterable[Waveform], size: int) -> Iterator[Waveform]:
    waiting: list[Waveform] = []
    samples = 0
    for waveform in waveforms:
        waiting.append(waveform)
        samples += waveform.shape[1]
        if samples >= size:
            yield np.concatenate(waiting, axis=1)
            waiting, samples = [], 0
    if waiting:
        yield np.concatenate(waiting, axis=1)


def _waveforms(container: Any, stream: Any, probe: Probe, tally: Tally) -> Iterator[Waveform]:
    """Decoded frames; a damaged packet becomes as much silence once sound follows it, so that times stay true."""
    import av

    # Packed float at the file's own rate. (PyAV reads past the end of planar frames with 8 channels and crashes.)
    converter = av.AudioResampler(format="flt")
    lost = 0
    for packet in _packets(container, stream):
        is_flush = packet.size == 0
        tally.packets += not is_flush
        try:
            frames = packet.decode()
        except av.FFmpegError:
            tally.damaged_at_end += not is_flush
            lost += int((packet.duration or 0) * stream.time_base * probe.sample_rate)
            continue
        if frames and not is_flush and tally.damaged_at_end:
            yield from _as_silence(lost, probe, tally)
            lost = 0
        for waveform in (_waveform(frame, probe, converter) for frame in frames):
            tally.samples += waveform.shape[1]
            yield waveform


def _as_silence(lost: int, probe: Probe, tally: Tally) -> Iterator[Waveform]:
    """Damage that sound follows: counted and filled in, except before the first sound, where decoders find step."""
    if tally.samples:
        tally.damaged += tally.damaged_at_end
        tally.samples += lost
        yield np.zeros((probe.channels, lost), dtype=np.float32)
    tally.damaged_at_end = 0


def _packets(container: Any, stream: Any) -> Iterator[Any]:
    import av

    try:
        yield from container.demux(stream)
    except av.FFmpegError:
        return  # the container breaks off here; the length check decides whether that matters


def _waveform(frame: Any, probe: Probe, converter: Any) -> Waveform:
    if frame.sample_rate != probe.sample_rate or frame.layout.nb_channels != probe.channels:
        now = f"{frame.sample_rate} Hz, {frame.layout.nb_channels} channels"
        was = f"{probe.sample_rate} Hz, {probe.channels} channels"
        raise BadAudio("unsupported", f"The sound changes from {was} to {now} half-way; split the file there")
    frame.pts = None
    packed = np.concatenate([part.to_ndarray()[0] for part in converter.resample(frame)])
    return packed.reshape(-1, probe.channels).T


def _clock(samples: int, probe: Probe) -> str:
    seconds = samples // probe.sample_rate
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
