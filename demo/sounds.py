"""Hold music and street noise, generated deterministically."""

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float64]

CHORDS = ((57, 60, 64, 69), (53, 57, 60, 65), (48, 55, 60, 64), (55, 59, 62, 67))
"""MIDI notes of A minor, F, C and G: one bar each."""
BAR_SECONDS = 2.0
NOTES_A_BAR = 8
PARTIALS = ((1, 1.0), (2, 0.45), (3, 0.2), (4, 0.1))
"""Multiples of the fundamental and their strength: a soft electric piano."""


def hold_music(seconds: float, rate: int) -> Samples:
    """Broken chords over sustained ones; peak 1, faded in and out."""
    out = np.zeros(round(seconds * rate))
    step = BAR_SECONDS / NOTES_A_BAR
    for index in range(int(seconds / step)):
        chord = CHORDS[int(index * step / BAR_SECONDS) % len(CHORDS)]
        note = chord[(0, 2, 1, 3, 2, 3, 1, 2)[index % NOTES_A_BAR]]
        _add(out, _tone(note + 12, 1.2, rate), index * step, rate, 0.5)
        if index % NOTES_A_BAR == 0:
            for low in chord:
                _add(out, _tone(low, 2.2, rate), index * step, rate, 0.3)
    return _faded(out / np.abs(out).max(), 0.2, rate)


def street(seconds: float, rate: int, seed: int) -> Samples:
    """Pink noise with a low rumble that swells twice, as when lorries pass; peak 1, faded in and
    out."""
    count = round(seconds * rate)
    rng = np.random.default_rng(seed)
    pink = _coloured(rng, count, slope=0.5)
    rumble = _coloured(rng, count, slope=1.0)
    swell = 0.35 + 0.65 * np.sin(np.linspace(0, 2 * np.pi, count)) ** 2
    mixed = swell * (0.6 * pink + 0.7 * rumble)
    return _faded(mixed / np.abs(mixed).max(), 0.3, rate)


def room(count: int, seed: int) -> Samples:
    """Pink noise of ``count`` samples with an RMS of 1, the background of a line."""
    noise = _coloured(np.random.default_rng(seed), count, slope=0.5)
    return np.asarray(noise / np.sqrt(np.mean(noise**2)))


def _tone(note: int, seconds: float, rate: int) -> Samples:
    time = np.arange(round(seconds * rate)) / rate
    hertz = 440.0 * 2 ** ((note - 69) / 12)
    wave = sum(
        strength * np.sin(2 * np.pi * hertz * multiple * time) for multiple, strength in PARTIALS
    )
    return np.asarray(wave * np.exp(-2.5 * time) * np.minimum(1.0, time / 0.01))


def _add(out: Samples, sound: Samples, at_seconds: float, rate: int, gain: float) -> None:
    start = round(at_seconds * rate)
    fits = min(len(sound), len(out) - start)
    out[start : start + fits] += gain * sound[:fits]


def _coloured(rng: np.random.Generator, count: int, slope: float) -> Samples:
    """Noise whose amplitude falls with frequency to the power ``slope``: 0.5 is pink, 1 is
    brown."""
    spectrum = np.fft.rfft(rng.standard_normal(count))
    spectrum /= np.maximum(np.arange(len(spectrum)), count / 400) ** slope
    noise = np.fft.irfft(spectrum, count)
    return np.asarray(noise / np.abs(noise).max())


def _faded(sound: Samples, seconds: float, rate: int) -> Samples:
    ramp = np.linspace(0, 1, round(seconds * rate))
    sound[: len(ramp)] *= ramp
    sound[-len(ramp) :] *= ramp[::-1]
    return sound
