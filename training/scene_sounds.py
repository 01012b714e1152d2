"""The recordings that scene is learned and judged on, and what people called them."""

import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from audio.features import Array
from training import augment
from training.datasets import RATE, Example, examples, waveform, without_copies

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

MUSIC = ("Hungarian", "Kevin", "sweet-waltz", "happy-music")
"""Names of the music among ``scene/librosa``, whose rows are labelled by file name; 198-209 is speech, the rest are animals."""


def recordings(data: Path) -> list[Example]:
    """Labelled with a scene by what the set says of each recording."""
    rows = [row for row in examples(data, *(name for name, _ in SETS)) if _kept(row) and not _room(row)]
    return [replace(row, label=_scene(row)) for row in without_copies(rows)]


def learnable(rows: list[Example]) -> NDArray[np.bool_]:
    """Which recordings may be trained on and fit temperatures."""
    return np.array([row.source not in JUDGED_ONLY for row in rows])


def _kept(row: Example) -> bool:
    return zlib.crc32(row.path.name.encode()) % 1000 < 1000 * KEPT.get(row.source, 1.0)


def _room(row: Example) -> bool:
    """The ``silence`` of noise/babycry is one room's tone without a baby in it; YAMNet and ears call it noise."""
    return row.source == "noise/babycry" and row.label == "silence"


def _scene(row: Example) -> str:
    if row.source.startswith(("asr/", "speaker/", "emotion/", "diarization/")):
        return "speech"
    if row.source == "scene/librosa":
        return "music" if any(name in row.label for name in MUSIC) else "speech" if row.label.startswith("198") else "noise"
    if row.label in ("speech", "music", "silence"):
        return row.label
    # audioset_scene.toml: a voice without words is neither speech nor noise.
    return "other" if row.label in ("baby_cry", "crying_baby", "baby_laugh") else "noise"


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
