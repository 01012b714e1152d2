"""Synthetic music: plucked, struck and bowed notes in chords, a bass and a drum kit, in a room."""

import numpy as np

from earshot.audio.features.augment import limited, rms
from earshot.audio.features.spectra import Array
from training.data.datasets import RATE

PROGRESSIONS = ((0, 5, 7, 0), (0, 9, 5, 7), (9, 5, 0, 7), (0, 7, 9, 5), (0, 3, 7, 10), (0, 0, 5, 5))
"""Roots of four chords in semitones above the key."""
MAJOR, MINOR = (0, 4, 7), (0, 3, 7)


def band(random: np.random.Generator, samples: int, level: float) -> Array:
    """A few bars of a random piece, scaled to an RMS of ``level``: some of chords, tune, bass and
    drums, at least one."""
    beat = int(RATE * 60 / random.uniform(60, 170))
    key, chord = random.integers(50, 62), MAJOR if random.random() < 0.6 else MINOR
    roots = random.choice(PROGRESSIONS)
    parts = random.random(4) < (0.8, 0.7, 0.6, 0.6)
    parts[random.integers(0, 2)] = True
    total = np.zeros(samples + 8 * beat, np.float32)
    voices = [random.choice([_pluck, _struck, _bowed]) for _ in range(3)]
    for i, start in enumerate(range(0, samples, beat)):
        root = key + roots[i // 4 % 4]
        if parts[0] and i % 4 == 0:
            for step in chord:
                _add(total, start, 0.5 * voices[0](random, _hertz(root + step), 4 * beat))
        if parts[1]:
            for half in range(random.integers(1, 3)):
                tone = root + 12 + random.choice([*chord, 2, 9, 12])
                _add(
                    total, start + half * beat // 2, 0.6 * voices[1](random, _hertz(tone), 2 * beat)
                )
        if parts[2]:
            _add(total, start, 0.8 * voices[2](random, _hertz(root - 24), beat))
        if parts[3]:
            _add(total, start, random.uniform(0.5, 1.0) * _drum(random, i, beat))
    sound = _in_a_room(random, total[:samples])
    return limited((sound * level / max(rms(sound), 1e-6)).astype(np.float32))


def _add(total: Array, start: int, sound: Array) -> None:
    end = min(start + len(sound), len(total))
    total[start:end] += sound[: end - start]


def _hertz(note: float) -> float:
    return float(440 * 2 ** ((note - 69) / 12))


def _pluck(random: np.random.Generator, hertz: float, samples: int) -> Array:
    """A string: a burst of noise in a damped delay line (Karplus and Strong 1983), a period at a
    time."""
    period = max(int(RATE / hertz), 2)
    row = random.uniform(-1, 1, period)
    rows = []
    for _ in range(samples // period + 1):
        rows.append(row)
        row = 0.996 * (0.5 * row + 0.5 * np.roll(row, 1))
    return np.concatenate(rows)[:samples].astype(np.float32)


def _struck(random: np.random.Generator, hertz: float, samples: int) -> Array:
    """A bell or an electric piano: one sine modulates another (Chowning 1973), both decay."""
    time = np.arange(samples) / RATE
    ratio, depth = random.choice([1.0, 2.0, 3.5, 7.0]), random.uniform(0.5, 4)
    inner = depth * np.exp(-4 * time) * np.sin(2 * np.pi * hertz * ratio * time)
    return (np.exp(-random.uniform(1, 5) * time) * np.sin(2 * np.pi * hertz * time + inner)).astype(
        np.float32
    )


def _bowed(random: np.random.Generator, hertz: float, samples: int) -> Array:
    """Strings, winds, an organ: many harmonics with a vibrato, swelling and ebbing."""
    time = np.arange(samples) / RATE
    bend = random.uniform(0, 0.006) * np.sin(2 * np.pi * random.uniform(4, 7) * time)
    phase = 2 * np.pi * np.cumsum(hertz * (1 + bend)) / RATE
    slope = random.uniform(0.8, 2.0)
    count = max(int(min(20, 7000 / hertz)), 1)
    tone = sum(np.sin(k * phase + random.uniform(0, 6)) / k**slope for k in range(1, count + 1))
    swell = np.minimum(time * random.uniform(4, 40), 1) * np.minimum((samples / RATE - time) * 8, 1)
    return (tone * swell * 0.6).astype(np.float32)


def _drum(random: np.random.Generator, beat_number: int, beat: int) -> Array:
    """Kick on the odd beats, snare on the even ones, a hi-hat on every half."""
    time = np.arange(beat) / RATE
    hat = 0.2 * np.diff(random.standard_normal(beat + 1)) * np.exp(-60 * (time % (beat / RATE / 2)))
    if beat_number % 2:
        hit = (0.5 * random.standard_normal(beat) + 0.5 * np.sin(2 * np.pi * 190 * time)) * np.exp(
            -20 * time
        )
    else:
        hit = (
            1.5
            * np.sin(2 * np.pi * (50 * time + 4 * (1 - np.exp(-30 * time))))
            * np.exp(-12 * time)
        )
    return (hat + hit).astype(np.float32)


def _in_a_room(random: np.random.Generator, sound: Array) -> Array:
    """With an exponentially decaying tail of noise as its echo."""
    length = int(RATE * random.uniform(0.1, 0.8))
    tail = random.standard_normal(length) * np.exp(-6 * np.arange(length) / length)
    size = len(sound) + length
    echo = np.fft.irfft(np.fft.rfft(sound, size) * np.fft.rfft(tail, size), size)[: len(sound)]
    wet = random.uniform(0, 0.6)
    return (sound + wet * echo * rms(sound) / max(rms(echo.astype(np.float32)), 1e-6)).astype(
        np.float32
    )
