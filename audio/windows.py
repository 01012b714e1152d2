"""Cuts a waveform into the fixed log-mel windows that a network hears; training and workers share this one path."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from audio.features import Array, MelSpec, log_mel, patches, starts

SILENT = 10 ** (-66 / 20)
"""RMS of -66 dBFS, 16 steps of PCM16: sound below it is called silence by its energy, whatever a network makes of it."""


@dataclass(frozen=True)
class WindowSpec:
    """From samples to network inputs. Travels in the checkpoint's own metadata."""

    mel: MelSpec
    length: int  # frames
    hop: int  # frames
    layout: Literal["time_mel", "mel_time"] = "time_mel"  # of the last two axes of the input
    level: float | None = None  # RMS that the waveform is brought to first, so that loudness tells nothing; None: as it is


def windows(waveform: Array, sample_rate: int, spec: WindowSpec) -> Array:
    """Network inputs for a mono waveform of any length.

    Returns:
        Float32, shape (windows, length, n_mels), or (windows, n_mels, length) for ``mel_time``; at least one window.
    """
    if spec.level is not None:
        waveform = levelled(waveform, spec.level)
    cut = patches(log_mel(waveform, sample_rate, spec.mel), spec.length, spec.hop)
    return cut if spec.layout == "time_mel" else np.ascontiguousarray(cut.transpose(0, 2, 1))


def begin_ms(samples: int, spec: WindowSpec) -> NDArray[np.int64]:
    """Start of each window of a waveform of so many samples, in milliseconds from its first sample."""
    mel = spec.mel
    width = max(samples + (2 * (mel.window // 2) if mel.centre else 0), mel.window)
    frames = max((width - mel.window) // mel.hop + 1, spec.length)
    return starts(frames, spec.length, spec.hop) * mel.hop * 1000 // mel.sample_rate


def window_rms(waveform: Array, sample_rate: int, spec: WindowSpec) -> Array:
    """RMS of the samples under each window, shape (windows,)."""
    begin = begin_ms(len(waveform), spec) * sample_rate // 1000
    end = np.minimum(begin + spec.length * spec.mel.hop, len(waveform))
    power = np.concatenate([[0.0], np.cumsum(np.square(waveform), dtype=np.float64)])
    rms: Array = np.sqrt((power[end] - power[begin]) / np.maximum(end - begin, 1)).astype(np.float32)
    return rms


def levelled(waveform: Array, level: float) -> Array:
    """Bring to an RMS of ``level``, but by no more than 40 dB: what is silent stays silent."""
    rms = np.sqrt(np.mean(np.square(waveform), dtype=np.float64)) if len(waveform) else 0.0
    return waveform * np.float32(min(level / max(rms, 1e-9), 100.0))
