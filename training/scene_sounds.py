"""The recordings that scene is learned and judged on, and what people called them."""

import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from audio.features import Array
from training import augment
from training.datasets import RATE, Example, labelled, waveform, without_copies

SCENES = ("speech", "music", "noise", "silence", "other")  # 000-05

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
    ("scene/pyaudio3", "internal tests only: used to judge, never trained on"),
    ("scene/ibm_max", "CC0 or per clip"),
    ("scene/librosa", "per clip"),
    ("generated", "made by training/augment.py"),
)
JUDGED_ONLY = ("scene/pyaudio3",)
"""Sets that no weight and no temperature is fitted on. Looked at between runs: for development, not an untouched test."""

KEPT = {
    "speaker/librispeech_train-clean-100": 0.5,
    "asr/fsdd_8k": 0.08,
    "asr/arabic_commands": 0.2,
    "emotion/ravdess": 0.1,
    "emotion/nemo": 0.15,
}
"""Share of the recordings of a set that is used: speech is plentiful and would drown the rest."""


def recordings(data: Path) -> list[Example]:
    """Labelled with a scene by evaluation/labels/scene.toml."""
    rows = labelled(data, "scene", SCENES, *(name for name, _ in SETS))
    return without_copies([row for row in rows if _kept(row)])


def learnable(rows: list[Example]) -> NDArray[np.bool_]:
    """Which recordings may be trained on and fit temperatures."""
    return np.array([row.source not in JUDGED_ONLY for row in rows])


def _kept(row: Example) -> bool:
    return zlib.crc32(row.path.name.encode()) % 1000 < 1000 * KEPT.get(row.source, 1.0)


def generated(random: np.random.Generator, count: int) -> list[tuple[Array, str]]:
    """Waveforms of 4 s that need no recording, with their scene."""
    made = []
    for i in range(count):
        samples, level = 4 * RATE, 10 ** random.uniform(-2.2, -0.7)
        exponent = random.choice([-1.0, 0.0, 1.0, 2.0])
        made.append((augment.melody(random, samples, level), "music"))
        if i % 4 == 0:
            made.append((augment.coloured(random, samples, exponent, level), "noise"))
            made.append((augment.coloured(random, samples, exponent, 10 ** random.uniform(-4.5, -3.3)), "silence"))
    return made


def excerpt(row: Example) -> Array:
    """At most 4 s from the middle; all of it where sounds are rare."""
    samples = waveform(row.path)
    if row.label == "music" or row.source.startswith("scene/"):
        return samples
    start = max(len(samples) - 4 * RATE, 0) // 2
    return samples[start : start + 4 * RATE]
