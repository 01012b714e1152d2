"""Generates alarms within the tolerances of their standards, and mixes them with recorded sound."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from earshot.audio.alarms.rhythm import Rhythm
from earshot.audio.features.augment import rms, telephone
from earshot.audio.features.spectra import Array
from training.data.datasets import RATE

TOLERANCE = 0.10
"""Of the times (ISO 8201, NFPA 72)."""
PITCH_TOLERANCE = 0.05
JITTER = 0.02
"""Of single pulses, besides."""
RAMP_SEC = (0.001, 0.008)
MU = 255.0
"""Of G.711, the code of telephone lines."""


@dataclass(frozen=True)
class Sounded:
    """An alarm on its own."""

    waveform: Array  # shape (samples,)
    is_on: NDArray[np.bool_]  # pulses without the echo of the room
    starts: tuple[float, ...]  # seconds at which whole groups begin
    hertz: float


def sound(
    random: np.random.Generator,
    rhythm: Rhythm,
    nominal: int,
    samples: int,
    groups: int | None = None,
) -> Sounded:
    """An alarm with a random start, so that at least one whole group lies within ``samples``, which
    continues to the end, or for that many groups.

    Args:
        nominal: 3100 for a piezo disc, 520 for a square wave.
    """
    hertz = nominal * (1 + random.uniform(-PITCH_TOLERANCE, PITCH_TOLERANCE))
    on, gap, pause = _times(random, rhythm)
    group = rhythm.pulses * on + (rhythm.pulses - 1) * gap
    length = samples / RATE
    begin = random.uniform(0.05, length - group * (1 + JITTER) - 0.05)
    out, is_on, starts = np.zeros(samples, np.float32), np.zeros(samples, bool), []
    voice = _voice(random, nominal, hertz)
    ramp = random.uniform(*RAMP_SEC)
    while begin < length and (groups is None or len(starts) < groups):
        at = begin
        for _ in range(rhythm.pulses):
            end = at + on * (1 + random.uniform(-JITTER, JITTER))
            _pulse(out, is_on, at, end, voice, ramp)
            at = end + gap
        if at - gap <= length:
            starts.append(begin)
        begin = at - gap + pause
    return Sounded(out, is_on, tuple(starts), hertz)


def _times(random: np.random.Generator, rhythm: Rhythm) -> tuple[float, float, float]:
    """Times of a clock that drifts as a whole, or in parts with errors of their own."""
    drift = random.uniform(1 - TOLERANCE, 1 + TOLERANCE, 3)
    if random.random() < 0.5:
        drift[:] = drift[0]
    on, gap, pause = np.array([rhythm.on, rhythm.gap, rhythm.pause]) * drift
    return float(on), float(gap), float(pause)


def _voice(random: np.random.Generator, nominal: int, hertz: float) -> list[tuple[float, float]]:
    """Partials (Hz, amplitude): a disc near its resonance, or a square wave through a small
    loudspeaker."""
    if nominal > 1000:
        return [(hertz, 1.0), (2 * hertz, random.uniform(0, 0.3))]
    slope = random.uniform(0.7, 1.3)
    return [(hertz * k, 1.0 / k**slope) for k in range(1, 16, 2) if hertz * k < 0.95 * RATE / 2]


def _pulse(
    out: Array,
    is_on: NDArray[np.bool_],
    start: float,
    end: float,
    voice: list[tuple[float, float]],
    ramp: float,
) -> None:
    first, last = round(start * RATE), min(round(end * RATE), len(out))
    if last <= first:
        return
    time = np.arange(last - first) / RATE
    tone = np.sum([size * np.sin(2 * np.pi * hertz * time) for hertz, size in voice], axis=0)
    edge = np.minimum(np.minimum(time, end - start - time) / ramp, 1)
    out[first:last] += (tone * np.clip(edge, 0, 1)).astype(np.float32)
    is_on[first:last] = True


def in_a_room(random: np.random.Generator, waveform: Array) -> Array:
    """Adds the echo of a room: noise that decays by 60 dB within 0.2 to 0.6 s, in total 0 to 10 dB
    below the direct sound (Polack's model)."""
    decay = random.uniform(0.2, 0.6)
    time = np.arange(round(decay * RATE)) / RATE
    tail = random.standard_normal(len(time)) * 10 ** (-3 * time / decay)
    tail[: round(0.003 * RATE)] = 0
    tail *= 10 ** (-random.uniform(0, 10) / 20) / np.sqrt(np.sum(tail**2))
    tail[0] = 1.0
    size = 1 << (len(waveform) + len(tail)).bit_length()
    both = np.fft.irfft(
        np.fft.rfft(waveform, size) * np.fft.rfft(tail.astype(np.float32), size), size
    )
    return both[: len(waveform)].astype(np.float32)


def over(background: Array, alarm: Sounded, wet: Array, snr: float) -> Array:
    """Adds the alarm at a level where its RMS while it sounds is ``snr`` dB above the
    background's."""
    gain = rms(background) / rms(wet[alarm.is_on]) * 10 ** (snr / 20)
    both = background + np.float32(gain) * wet
    return (both / max(float(np.abs(both).max()), 1.0)).astype(np.float32)


def over_the_telephone(waveform: Array) -> Array:
    """Simulates a telephone line recorded at 8 kHz: 300 to 3400 Hz, mu-law (G.711)."""
    spectrum = np.fft.rfft(waveform)
    hertz = np.fft.rfftfreq(len(waveform), 1 / RATE)
    spectrum[(hertz < 300) | (hertz > 3400)] = 0
    line = np.clip(np.fft.irfft(spectrum, len(waveform)), -1, 1)
    code = np.round(np.sign(line) * np.log1p(MU * np.abs(line)) / np.log1p(MU) * 127) / 127
    return telephone(
        (np.sign(code) * np.expm1(np.abs(code) * np.log1p(MU)) / MU).astype(np.float32)
    )
