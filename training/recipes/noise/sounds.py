"""Recordings and generated sounds for training noise, under names finer than the published
categories."""

import tomllib
import zlib
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np

from earshot.analysis.noise_labels import CLASSIFIED
from earshot.audio.features import augment
from earshot.audio.features.spectra import Array
from training.data.datasets import RATE, Example, examples, waveform, without_copies

SETS = (
    ("noise/esc10", "CC BY 3.0"),
    ("noise/babycry", "none stated: treated as non-commercial"),
    ("noise/nonspeech100", "research only"),
    ("noise/speechbrain", "from an Apache-2.0 repository"),
    ("asr/librispeech_test-other", "CC BY 4.0"),
    ("speaker/librispeech_train-clean-100", "CC BY 4.0"),
    ("asr/fsdd_8k", "CC BY-SA 4.0"),
    ("asr/arabic_commands", "CC BY 4.0"),
    ("emotion/ravdess", "CC BY-NC-SA 4.0"),
    ("emotion/nemo", "CC BY-NC-SA 4.0"),
    ("generated", "made by earshot/audio/features/augment.py"),
)
RECORDED = "noise/"
"""Name prefix of the sets of recorded noise; the other sets are clean voices and generated sounds,
which are easier."""

VOICES = "speaker/librispeech_train-clean-100"
"""One utterance each of 201 speakers: a third of them are rows, the others are mixed with sounds
and never evaluated."""

KEPT = {
    "asr/fsdd_8k": 0.08,
    "asr/arabic_commands": 0.16,
    "emotion/ravdess": 0.06,
    "emotion/nemo": 0.12,
}
"""Share of the recordings that are rows, about 80 of each set: voices over telephones, in other
languages, shouting and sobbing. A network trained on readers alone confuses such a voice with a dog
or a baby."""

CROWDS, LAST_CROWD = "noise/nonspeech100", 17
"""Hu and Wang number their hundred sounds; 1 to 17 are crowds (the list that comes with the
set)."""

MAPPING = Path(__file__).with_name("noise_labels.toml")
ZERO_SHOT = Path(__file__).with_name("zero_shot_labels.toml")
GENERATED = ("white", "pink", "brown", "blue", "nothing", "hum", "tone", "babble")
NOTHING = "nothing"
EXPONENTS = {"white": 0.0, "pink": 1.0, "brown": 2.0, "blue": -1.0}
EACH = 32


def zero_shot(row: Example) -> str | None:
    """The category that the set's own list names for a recording, where no recording teaches it
    (``zero_shot_labels.toml``)."""
    return _zero_shot_labels().get(f"{row.source}/{row.path.stem}")


def has_none_of_them(row: Example) -> bool:
    """True if the recording is known to hold no sound that only a zero-shot category stands for."""
    unnamed = row.source in ("noise/nonspeech100", "noise/speechbrain", "noise/babycry")
    return not unnamed and row.label not in ("helicopter", "rain")


@cache
def _zero_shot_labels() -> dict[str, str]:
    tables = tomllib.loads(ZERO_SHOT.read_text(encoding="utf-8"))
    return {
        f"{source}/{name}": category
        for source, named in tables.items()
        for category, names in named.items()
        for name in names
    }


def categories() -> dict[str, str]:
    """Fine name to published category, in the order of noise_labels.toml."""
    sections = tomllib.loads(MAPPING.read_text()).values()
    return {fine: category for section in sections for fine, category in section.items()}


def published() -> tuple[str, ...]:
    """The categories of the checkpoint, in the order of [004]."""
    return tuple(label for label in CLASSIFIED if label in set(categories().values()))


def recordings(data: Path) -> list[Example]:
    """Recordings whose fine name is mapped by noise_labels.toml, and generated sounds as rows whose
    path is their name."""
    rows = without_copies(
        [row for row in examples(data, *(name for name, _ in SETS)) if _kept(row)]
    )
    rows = [
        row for row in (replace(row, label=_fine(row)) for row in rows) if row.label in categories()
    ]
    return rows + [_made(name, i) for name in GENERATED for i in range(EACH)]


def voices(data: Path) -> list[Array]:
    """Clean voices to mix with sounds: of speakers without a row."""
    return [waveform(row.path)[: 10 * RATE] for row in examples(data, VOICES) if not _judged(row)]


def _made(name: str, i: int) -> Example:
    return Example(Path(f"{name}-{i}"), "generated", name, f"generated-{i % 4}")


def _kept(row: Example) -> bool:
    if row.source == VOICES:
        return _judged(row)
    return zlib.crc32(row.path.name.encode()) % 1000 < 1000 * KEPT.get(row.source, 1.0)


def _judged(row: Example) -> bool:
    return zlib.crc32(row.group.encode()) % 3 == 0


def _fine(row: Example) -> str:
    if row.source == CROWDS and int(row.path.stem.removeprefix("n")) <= LAST_CROWD:
        return "crowd"
    if row.source == "noise/speechbrain":
        return "noise_recording"
    if not row.source.startswith(RECORDED):
        return "voice"
    return "baby_cry" if row.label == "crying_baby" else row.label


def sound(row: Example, random: np.random.Generator, voices: Sequence[Array]) -> Array:
    """At most 5 s of a recording, or 3 s of a generated sound at a level of its own."""
    if row.source != "generated":
        return waveform(row.path)[: 5 * RATE]
    return _generated(row.label, random, voices, 3 * RATE, 10 ** random.uniform(-2.3, -0.7))


def _generated(
    name: str, random: np.random.Generator, voices: Sequence[Array], samples: int, level: float
) -> Array:
    if name in EXPONENTS:
        return augment.coloured(random, samples, EXPONENTS[name] + random.uniform(-0.1, 0.1), level)
    if name == NOTHING:
        return augment.coloured(
            random, samples, random.uniform(0, 2), 10 ** random.uniform(-4.8, -3.4)
        )
    if name == "tone":
        hertz = random.uniform(200, 4000)
        return (level * np.sin(2 * np.pi * hertz * np.arange(samples) / RATE)).astype(np.float32)
    if name == "babble":
        return augment.babble(random, voices, samples, level)
    return augment.hum(random, samples, level)
