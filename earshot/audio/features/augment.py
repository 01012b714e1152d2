"""Augmentations of a waveform that keep its label: speed, band, added sound; and synthetic
sounds."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from earshot.audio.features.spectra import Array
from earshot.compute.sound import SAMPLE_RATE as RATE


def speed(waveform: Array, factor: float) -> Array:
    """Plays faster (above 1) or slower: pitch and tempo change together, as with another
    speaker."""
    import soxr

    resampled: Array = soxr.resample(waveform, RATE * factor, RATE).astype(np.float32)
    return resampled


def telephone(waveform: Array) -> Array:
    """Limits the band to a telephone's: through 8 kHz and back."""
    import soxr

    narrow: Array = soxr.resample(soxr.resample(waveform, RATE, 8000), 8000, RATE).astype(
        np.float32
    )
    return narrow[: len(waveform)]


def tilted(waveform: Array, decibels: float) -> Array:
    """Tilts the spectrum, as another microphone or loudspeaker would: this many decibels more per
    octave, about 1 kHz, within 12 dB either way."""
    frequency = np.maximum(np.fft.rfftfreq(len(waveform), 1 / RATE), 20.0)
    gain = np.clip(decibels * np.log2(frequency / 1000), -12, 12)
    return np.fft.irfft(np.fft.rfft(waveform) * 10 ** (gain / 20), len(waveform)).astype(np.float32)


def in_a_room(waveform: Array, random: np.random.Generator) -> Array:
    """Adds the echo of a room: noise that decays by 60 dB in 0.15 to 0.8 s, behind the direct
    sound."""
    seconds = random.uniform(0.15, 0.8)
    time = np.arange(int(seconds * RATE)) / RATE
    echo = (
        random.standard_normal(len(time)) * 10 ** (-3 * time / seconds) * random.uniform(0.02, 0.08)
    )
    echo[0] = 1.0
    size = (
        1 << (len(waveform) + len(echo)).bit_length()
    )  # a transform of any other length may take ten times as long
    return np.fft.irfft(np.fft.rfft(waveform, size) * np.fft.rfft(echo, size), size)[
        : len(waveform)
    ].astype(np.float32)


def mix(waveform: Array, other: Array, snr: float) -> Array:
    """Adds ``other``, repeated to the same length, ``snr`` dB below ``waveform``."""
    layer = np.resize(other, len(waveform))
    gain = rms(waveform) / max(rms(layer), 1e-6) * 10 ** (-snr / 20)
    return limited(waveform + np.float32(gain) * layer)


def coloured(random: np.random.Generator, samples: int, exponent: float, level: float) -> Array:
    """Noise whose power goes with 1 / frequency ** exponent: 0 white, 1 pink, 2 brown, -1 blue;
    ``level`` is its RMS."""
    frequency = np.fft.rfftfreq(samples, 1 / RATE)
    shape = np.maximum(frequency, 20.0) ** (-exponent / 2)
    shape[frequency < 20.0] = 0.0
    spectrum = (
        random.standard_normal(len(frequency)) + 1j * random.standard_normal(len(frequency))
    ) * shape
    noise = np.fft.irfft(spectrum, samples)
    return limited((noise * level / rms(noise)).astype(np.float32))


def hum(random: np.random.Generator, samples: int, level: float) -> Array:
    """Mains hum: 50 or 60 Hz and its harmonics."""
    base = random.choice([50.0, 60.0])
    time = np.arange(samples) / RATE
    parts = [
        random.uniform(0.1, 1) / k * np.sin(2 * np.pi * base * k * time + random.uniform(0, 6))
        for k in range(1, 9)
    ]
    total = np.sum(parts, axis=0)
    made: Array = (total * level / rms(total)).astype(np.float32)
    return made


def babble(
    random: np.random.Generator, voices: Sequence[Array], samples: int, level: float
) -> Array:
    """A crowd: 5 to 20 voices at once, near and far."""
    total = np.zeros(samples, np.float32)
    for _ in range(random.integers(5, 21)):
        voice = np.resize(voices[int(random.integers(len(voices)))], samples)
        total += (
            np.roll(voice, random.integers(samples))
            / max(rms(voice), 1e-6)
            * np.float32(10 ** random.uniform(-0.6, 0))
        )
    return limited((in_a_room(total, random) * level / rms(total)).astype(np.float32))


def melody(random: np.random.Generator, samples: int, level: float) -> Array:
    """Hold music: random chords and a tune over them, notes with harmonics and a decay."""
    beat = int(RATE * random.uniform(0.15, 0.4))
    scale = np.array([0, 2, 4, 5, 7, 9, 11, 12]) + random.integers(45, 60)
    harmonics, decay = random.uniform(0.05, 1, 6) ** 2, 10 ** random.uniform(-0.5, 1)
    total = np.zeros(samples + 8 * beat, np.float32)
    for start in range(0, samples, beat):
        notes = (
            [random.choice(scale) + 12]
            if start % (4 * beat)
            else [*random.choice(scale, 3, replace=False), scale[0] - 12]
        )
        for note in notes:
            total[start : start + 6 * beat] += _note(
                440 * 2 ** ((note - 69) / 12), 6 * beat, harmonics, decay
            )
    if random.random() < 0.5:
        total[:samples] += _drums(random, samples, beat) * rms(total)
    return limited((total[:samples] * level / rms(total)).astype(np.float32))


def rms(waveform: NDArray[np.floating]) -> float:
    """Root mean square."""
    return float(np.sqrt(np.mean(np.square(waveform), dtype=np.float64)))


def limited(waveform: Array) -> Array:
    """Scales down samples that would clip."""
    return (waveform / max(float(np.abs(waveform).max(initial=0)), 1.0)).astype(np.float32)


def _drums(random: np.random.Generator, samples: int, beat: int) -> Array:
    """A hiss on every beat and a thud on every second."""
    time = np.arange(beat) / RATE
    hat = 0.5 * random.standard_normal(beat) * np.exp(-60 * time)
    thud = 2 * np.sin(2 * np.pi * (50 * time + 4 * (1 - np.exp(-30 * time)))) * np.exp(-15 * time)
    return np.resize(np.concatenate([hat + thud, hat]), samples).astype(np.float32)


def _note(hertz: float, samples: int, harmonics: NDArray[np.floating], decay: float) -> Array:
    time = np.arange(samples) / RATE
    tone = sum(
        a * np.sin(2 * np.pi * hertz * (k + 1) * time)
        for k, a in enumerate(harmonics)
        if hertz * (k + 1) < RATE / 2
    )
    note: Array = (tone * np.exp(-decay * time) * np.minimum(time * 200, 1)).astype(np.float32)
    return note
