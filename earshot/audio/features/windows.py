"""Cuts a waveform into the fixed log-mel windows of a network; shared by training and workers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from earshot.audio.features.level import audible, centred, levelled, loudness
from earshot.audio.features.spectra import Array, MelSpec, log_mel, patches, starts


@dataclass(frozen=True)
class WindowSpec:
    """Parameters from samples to network inputs, stored in the checkpoint's metadata."""

    __pydantic_config__: ClassVar = {"extra": "forbid"}  # a key that is unknown changes the input

    mel: MelSpec
    length: int  # frames
    hop: int  # frames
    layout: Literal["time_mel", "mel_time"] = "time_mel"  # of the last two axes of the input
    level: float | None = (
        # RMS to which the waveform is scaled first, so that loudness carries no information; None:
        # unchanged
        None
    )


def windows(waveform: Array, sample_rate: int, spec: WindowSpec) -> Array:
    """Network inputs for a mono waveform of any length.

    Returns:
        Float32, shape (windows, length, n_mels), or (windows, n_mels, length) for ``mel_time``; at
        least one window.
    """
    cut = patches(spectrogram(waveform, sample_rate, spec), spec.length, spec.hop)
    return cut if spec.layout == "time_mel" else np.ascontiguousarray(cut.transpose(0, 2, 1))


def windows_of(waveforms: Sequence[Array], sample_rate: int, spec: WindowSpec) -> Array:
    """``windows`` of many waveforms one after the other."""
    return np.concatenate([windows(each, sample_rate, spec) for each in waveforms])


def spectrogram(waveform: Array, sample_rate: int, spec: WindowSpec) -> Array:
    """The frames before they are cut into ``windows``, shape (frames, n_mels); at least one."""
    frames = log_mel(prepared(waveform, spec), sample_rate, spec.mel)
    return frames[: _counted(len(frames), spec)]


def prepared(waveform: Array, spec: WindowSpec) -> Array:
    """The mono audio to transform: if the spec has a level, without DC and scaled to it; silence
    stays silence."""
    return waveform if spec.level is None else levelled(audible(centred(waveform)), spec.level)


def begin_ms(samples: int, spec: WindowSpec) -> NDArray[np.int64]:
    """Start of each window of a waveform with this many samples, in milliseconds from its first
    sample."""
    mel = spec.mel
    width = max(samples + (2 * (mel.window // 2) if mel.centre else 0), mel.window)
    frames = max((width - mel.window) // mel.hop + 1, spec.length)
    return starts(_counted(frames, spec), spec.length, spec.hop) * mel.hop * 1000 // mel.sample_rate


def window_loudness(waveform: Array, sample_rate: int, spec: WindowSpec) -> Array:
    """``earshot.audio.features.level.loudness`` of the samples under each window, shape (windows,).

    Args:
        waveform: shape (channels, samples).
    """
    samples = waveform.shape[1]
    begin = np.minimum(begin_ms(samples, spec) * sample_rate // 1000, samples)
    end = np.minimum(begin + spec.length * spec.mel.hop, samples)
    return np.array(
        [loudness(waveform[:, a:b]) for a, b in zip(begin, end, strict=True)], np.float32
    )


def _counted(frames: int, spec: WindowSpec) -> int:
    """Number of frames used. The last frame of a centred spectrogram lies half behind the audio.
    With it, one second would be 101 frames and two windows of 100 a single frame apart (C-09)."""
    return frames - 1 if spec.mel.centre and frames > spec.length else frames
