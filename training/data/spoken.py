"""Speech in known languages out of Debian packages: prompts of telephone systems, names of things
in games for children."""

import re
import tomllib
import zlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from earshot.audio.features.spectra import Array
from training.data.datasets import RATE
from training.data.packaged import Package, decoded, downloaded, members

LIST = Path(__file__).with_name("spoken.toml")
SHORTEST = 0.5
"""Minimum seconds of a prompt."""


@dataclass(frozen=True)
class Speech(Package):
    """One entry of the list."""

    language: str  # pattern of a path below the package; its group is the language, else English
    kept: float  # share of the prompts that is used


@dataclass(frozen=True)
class Voice:
    """The recordings of one language in one package, usually of one speaker."""

    name: str
    language: str
    prompts: list[Array]  # mono, 16 kHz


def packages() -> list[Speech]:
    """The list, in its order."""
    return [Speech(**entry) for entry in tomllib.loads(LIST.read_text())["package"]]


def sets() -> tuple[tuple[str, str], ...]:
    """The packages with their licences, for a model card."""
    return tuple((f"Debian 12, {each.name} {each.version}", each.licence) for each in packages())


def voices(folder: Path) -> Iterator[Voice]:
    """All voices; packages are fetched into ``folder`` once."""
    for package in packages():
        pattern = re.compile(package.language)
        found: dict[str, list[Array]] = defaultdict(list)
        for name, file in members(downloaded(package, folder), partial(_chosen, package)):
            samples = decoded(file, "gsm" if name.endswith(".gsm") else None)
            match = pattern.search(name)
            if match and samples is not None and len(samples) > SHORTEST * RATE:
                found[match[1] or "en"].append(samples.astype(np.float32) / 32768)
        for language, prompts in sorted(found.items()):
            yield Voice(f"{package.name}/{language}", language, prompts)


def _chosen(package: Speech, name: str) -> bool:
    return zlib.crc32(name.encode()) % 1000 < 1000 * package.kept and bool(
        re.search(package.language, name)
    )
