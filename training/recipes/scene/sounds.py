"""Recordings for training and evaluating scene, with their human labels."""

import zlib
from pathlib import Path

import numpy as np

from earshot.analysis.findings import SCENES
from earshot.audio.features import augment
from earshot.audio.features.spectra import Array
from training.data.band import band
from training.data.datasets import RATE, Example, labelled, waveform, without_copies

SETS = (
    ("asr/librispeech_test-other", "CC BY 4.0"),
    ("speaker/librispeech_train-clean-100", "CC BY 4.0"),
    ("asr/fsdd_8k", "CC BY-SA 4.0"),
    ("asr/arabic_commands", "CC BY 4.0"),
    ("emotion/ravdess", "CC BY-NC-SA 4.0"),
    ("emotion/nemo", "CC BY-NC-SA 4.0"),
    ("diarization/ami_debug", "CC BY 4.0"),
    ("noise/esc10", "CC BY 3.0"),
    ("noise/babycry", "none stated: treated as non-commercial"),
    ("noise/nonspeech100", "research only"),
    ("noise/speechbrain", "from an Apache-2.0 repository"),
    ("scene/ibm_max", "CC0 or per clip"),
    ("scene/librosa", "per clip"),
    ("generated", "made by earshot/audio/features/augment.py and training/data/band.py"),
)
"""Sets for fitting weights and temperature. All other sets are only evaluated; of those
scene/pyaudio3 was inspected between runs, so it is a development set and not an untouched test."""

KEPT = {
    "speaker/librispeech_train-clean-100": 0.5,
    "asr/fsdd_8k": 0.08,
    "asr/arabic_commands": 0.2,
    "emotion/ravdess": 0.1,
    "emotion/nemo": 0.15,
}
"""Share of the recordings of a set used for training: speech is plentiful and would dominate."""


def recordings(data: Path) -> list[Example]:
    """The training recordings, labelled with a scene by evaluation/labels/scene.toml."""
    rows = labelled(data, "scene", SCENES, *(name for name, _ in SETS))
    return without_copies([row for row in rows if _kept(row)])


def _kept(row: Example) -> bool:
    return zlib.crc32(row.path.name.encode()) % 1000 < 1000 * KEPT.get(row.source, 1.0)


def generated(random: np.random.Generator, count: int) -> list[tuple[Array, str]]:
    """Synthetic waveforms of 4 s, with their scene: twice ``count`` of music, a quarter each of the
    rest."""
    made = []
    for i in range(count):
        samples, level = 4 * RATE, 10 ** random.uniform(-2.0, -0.7)
        made.append((augment.melody(random, samples, level), "music"))
        made.append((band(random, samples, level), "music"))
        if i % 4 == 0:
            exponent = random.choice([-1.0, 0.0, 1.0, 2.0])
            made.append((augment.coloured(random, samples, exponent, level), "noise"))
            made.append((augment.hum(random, samples, level), "noise"))
            made.append((tone(random, samples, level), "other"))
            made.append(
                (
                    augment.coloured(random, samples, exponent, 10 ** random.uniform(-4.5, -3.3)),
                    "silence",
                )
            )
    return made


def tone(random: np.random.Generator, samples: int, level: float) -> Array:
    """One steady sine: a test tone, which is neither music nor noise (AudioSet's "Sine wave")."""
    wave = np.sin(2 * np.pi * 10 ** random.uniform(2.2, 3.7) * np.arange(samples) / RATE)
    return (wave * level * 2**0.5).astype(np.float32)


def excerpt(row: Example) -> Array:
    """At most 4 s from the middle; all of it for rare sounds."""
    samples = waveform(row.path)
    if row.label == "music" or row.source.startswith("scene/"):
        return samples
    start = max(len(samples) - 4 * RATE, 0) // 2
    return samples[start : start + 4 * RATE]
