"""AudioSet's 521 classes as YAMNet orders them: their names, and the scene that each belongs to
(000-05)."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from earshot.analysis.findings import SCENES

MAPPING = Path(__file__).with_name("audioset_scene.toml")


@dataclass(frozen=True)
class Classes:
    """Both in YAMNet's order."""

    names: tuple[str, ...]
    scenes: tuple[str, ...]
    temperature: float
    """Fitted on recordings, so that a scene's share means how often it is right (Guo et al.
    2017)."""

    def gathered(
        self, scores: NDArray[np.float32], labels: tuple[str, ...] = SCENES
    ) -> NDArray[np.float32]:
        """The largest score of each scene's classes (C-05), shape (rows, labels), out of (rows,
        classes); not normalised."""
        scene = np.array(self.scenes)
        return np.stack([scores[:, scene == label].max(axis=1) for label in labels], axis=1)


@cache
def classes(path: Path = MAPPING) -> Classes:
    """The mapping: its runs of classes one after the other are YAMNet's order."""
    tables = tomllib.loads(path.read_text(encoding="utf-8"))
    named = [(name, run["scene"]) for run in tables["run"] for name in run["classes"]]
    names, scenes = zip(*named, strict=True)
    return Classes(names=names, scenes=scenes, temperature=float(tables["temperature"]))
