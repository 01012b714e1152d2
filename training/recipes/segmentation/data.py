"""Training data of the segmentation network: windows of composed talk, and how many speak in each
frame."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from earshot.audio.features import augment
from earshot.audio.features.level import gain_to
from earshot.audio.features.spectra import MelSpec, log_mel
from training.data.datasets import RATE, Example, waveform
from training.data.dialogues import speech

Floats = NDArray[np.float32]
Counts = NDArray[np.int8]

SPEC = MelSpec(
    n_fft=512, window=512, hop=160, n_mels=80, fmin=60.0, fmax=7600.0, offset=1e-6, power=2,
    centre=True,
)  # fmt: skip
LEVEL = 0.05
"""RMS of the speech of a recording: its pauses stay as faint as they are."""
SILENT = 0.06
"""Share of the windows without a voice."""
SECONDS = 10
FRAME_MS = 20
FRAME = RATE * FRAME_MS // 1000
FRAMES = SECONDS * 1000 // FRAME_MS
MOST = 2
"""Voices that are counted; more are this many."""
SPEEDS = (1.0, 0.9, 1.1)
ECHO = RATE * 4 // 5
"""Samples behind a window that the echo of its end fills: 0.8 s."""
FADE = 80
"""Samples over which a cut voice fades in and out: 5 ms."""


@dataclass(frozen=True)
class Voice:
    """Recordings of one speaker, and the frames of each in which the VAD detects speech."""

    recordings: tuple[tuple[Floats, NDArray[np.bool_]], ...]


def voices(rows: Sequence[Example], speeds: Sequence[float] = SPEEDS) -> dict[str, Voice]:
    """By speaker and speed: a voice at another speed counts as another voice."""
    found: dict[str, list[tuple[Floats, NDArray[np.bool_]]]] = {}
    for row in rows:
        for speed in speeds:
            samples = waveform(row.path)
            played = samples if speed == 1.0 else augment.speed(samples, speed)
            found.setdefault(f"{row.group} {speed}", []).append((played, spoken(played)))
    return {name: Voice(tuple(recordings)) for name, recordings in found.items()}


def spoken(samples: Floats) -> NDArray[np.bool_]:
    """The frames with speech, by the project's VAD."""
    frames = np.zeros(len(samples) // FRAME + 1, np.bool_)
    for item in speech(samples):
        frames[item.start_ms // FRAME_MS : -(-item.end_ms // FRAME_MS)] = True
    return frames


def window(
    voices: Mapping[str, Voice], noises: Sequence[Floats], random: np.random.Generator
) -> tuple[Floats, Counts]:
    """One window of talk: log-mel of shape (frames of 10 ms, bands), and voices a frame of
    ``FRAME_MS``, shape (FRAMES,)."""
    count = int(random.choice([1, 2, 3, 4], p=[0.15, 0.35, 0.3, 0.2]))
    names = random.choice(sorted(voices), count, replace=False)
    tracks = np.zeros((count, SECONDS * RATE), np.float32)
    active = np.zeros((count, FRAMES), np.bool_)
    for who, start, length in _turns(count, random):
        _say(voices[names[who]], tracks[who], active[who], start, length, random)
    mixture = _heard(tracks, noises, random)
    counts = active.sum(axis=0)
    if random.random() < SILENT:
        mixture = _heard(np.zeros_like(tracks[:1]), noises, random)
        counts = np.zeros_like(counts)
    speaking = np.repeat(counts > 0, FRAME)
    level_db = random.normal(0, 3) if speaking.any() else random.uniform(-45, -10)
    rms = augment.rms(mixture[speaking] if speaking.any() else mixture)
    gain = gain_to(LEVEL * 10 ** (level_db / 20), rms)
    spectrum = log_mel(mixture * np.float32(gain), RATE, SPEC)[: 2 * FRAMES]
    return spectrum, np.minimum(counts, MOST).astype(np.int8)


def _turns(count: int, random: np.random.Generator) -> list[tuple[int, int, int]]:
    """Speaker, start and length in samples of each turn: speakers follow one another with a pause
    or before the other has ended, and say a word or two while another speaks."""
    overlapping, pause = random.uniform(0.0, 1.0), 10 ** random.uniform(-1.0, 0.7)
    at, who, turns = random.uniform(-3.0, 2.0), int(random.integers(count)), []
    while at < SECONDS:
        length = float(np.clip(random.lognormal(0.5, 0.9), 0.25, 9.0))
        turns.append((who, at, length))
        if count > 1 and random.random() < overlapping:
            other = (who + int(random.integers(1, count))) % count
            short = random.uniform(0.3, 2.0)
            turns.append((other, at + random.uniform(0.0, max(length - short, 0.1)), short))
        early = count > 1 and random.random() < overlapping
        gap = -random.uniform(0.05, 0.7) * min(length, 3.0) if early else random.exponential(pause)
        at += length + gap
        if count > 1 and random.random() < 0.8:
            who = (who + int(random.integers(1, count))) % count
    return [(who, round(at * RATE), round(length * RATE)) for who, at, length in turns]


def _say(
    voice: Voice,
    track: Floats,
    active: NDArray[np.bool_],
    start: int,
    length: int,
    random: np.random.Generator,
) -> None:
    samples, frames = voice.recordings[int(random.integers(len(voice.recordings)))]
    first = int(random.choice(np.flatnonzero(frames))) * FRAME
    start = start // FRAME * FRAME
    cut = samples[first : first + length].copy()
    marks = frames[first // FRAME : first // FRAME + len(cut) // FRAME]
    fade = np.linspace(0, 1, min(FADE, len(cut) // 2), dtype=np.float32)
    cut[: len(fade)] *= fade
    cut[len(cut) - len(fade) :] *= fade[::-1]
    cut *= np.float32(10 ** (random.normal(0, 2) / 20))
    skipped = max(0, -start)
    cut, marks, start = cut[skipped:], marks[skipped // FRAME :], max(0, start)
    room = track[start : start + len(cut)]
    room += cut[: len(room)]
    active[start // FRAME : start // FRAME + len(marks)] |= marks[: max(0, FRAMES - start // FRAME)]


def _heard(tracks: Floats, noises: Sequence[Floats], random: np.random.Generator) -> Floats:
    """The voices as one microphone or line takes them: each with its level, colour and distance,
    over noise. All of it is linear, so it is done on the spectra, which add."""
    size = SECONDS * RATE + ECHO
    frequency = np.maximum(np.fft.rfftfreq(size, 1 / RATE), 20.0)
    octaves = np.log2(frequency / 1000).astype(np.float32)
    rooms = random.random() < 0.6
    heard = np.zeros(len(frequency), np.complex64)
    for track in tracks:
        spectrum = np.fft.rfft(track, size)
        gain_db = np.clip(random.normal(0, 6), -15, 15)
        colour_db = np.clip(random.normal(0, 1.5) * octaves, -12, 12)
        spectrum *= 10 ** ((gain_db + colour_db) / 20).astype(np.float32)
        if rooms and random.random() < 0.8:
            spectrum *= np.fft.rfft(_echo(random), size)
        heard += spectrum
    if random.random() < 0.25:
        heard[(frequency < 250) | (frequency > 3600)] = 0.0
    level = max(np.sqrt(2.0) * float(np.linalg.norm(heard)) / size, 1e-3)
    if random.random() < 0.4:
        noise = np.resize(noises[int(random.integers(len(noises)))], SECONDS * RATE)
        noise = np.roll(noise, int(random.integers(len(noise))))
        below = 10 ** (-random.uniform(3, 30) / 20)
        heard += np.fft.rfft(
            noise * np.float32(below * level / max(augment.rms(noise), 1e-4)), size
        )
    hiss = random.standard_normal(len(frequency), np.float32) + 1j * random.standard_normal(
        len(frequency), np.float32
    )
    hiss *= 10 ** (-random.uniform(-0.5, 2) * 3.01 * octaves / 20)
    snr = random.uniform(8, 50)
    heard += hiss * np.float32(10 ** (-snr / 20) * level * size / np.sqrt(2) / np.linalg.norm(hiss))
    return np.fft.irfft(heard, size)[: SECONDS * RATE].astype(np.float32)


def _echo(random: np.random.Generator) -> Floats:
    """A room: noise that decays by 60 dB in 0.15 to 0.8 s, behind the direct sound."""
    seconds = random.uniform(0.15, 0.8)
    time = np.arange(int(seconds * RATE), dtype=np.float32) / np.float32(RATE)
    echo = random.standard_normal(len(time), np.float32) * 10 ** (-3 * time / np.float32(seconds))
    echo *= np.float32(random.uniform(0.02, 0.08))
    echo[0] = 1.0
    return echo
