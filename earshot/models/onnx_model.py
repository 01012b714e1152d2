"""The ONNX runtime: opens a verified checkpoint on one thread and reads its metadata."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from earshot.analysis.errors import Misconfigured
from earshot.analysis.types import Release
from earshot.compute import onnx_runtime
from earshot.models.checkpoints.location import locate
from earshot.models.metadata import M, Metadata, read
from earshot.models.options import Options

Array = NDArray[np.float32]

ROWS = 4
"""Rows in one forward pass: within 5 % as fast a row as 64, and each session keeps what its largest
pass took."""


@dataclass(frozen=True)
class OnnxModel:
    """An open session, the name of its release, its labels in output order, and the properties that
    the file has."""

    session: Any  # onnxruntime.InferenceSession
    name: str
    labels: tuple[str, ...]
    properties: Mapping[str, str]

    def metadata(self, kind: type[M]) -> M:
        """The metadata of a checkpoint of that kind.

        Raises:
            Misconfigured: ``checkpoint``, a key is missing or wrong.
        """
        return read(kind, self.properties, self.name)

    def run(self, rows: Array) -> dict[str, Array]:
        """Every output by name, for inputs of shape (rows, ...)."""
        name = self.session.get_inputs()[0].name
        names = [output.name for output in self.session.get_outputs()]
        parts = [
            self.session.run(names, {name: rows[start : start + ROWS]})
            for start in range(0, len(rows), ROWS)
        ]
        return {
            output: np.concatenate([part[i] for part in parts]) for i, output in enumerate(names)
        }


def described(path: Path, name: str) -> Metadata:
    """The metadata that every kind of checkpoint may have, of a file.

    Raises:
        Misconfigured: ``checkpoint``, a key is wrong.
    """
    return read(Metadata, onnx_runtime.session(path).get_modelmeta().custom_metadata_map, name)


def check_features(release: Release, wanted: str, computed: str) -> None:
    """Checks that a checkpoint was trained on the features that this version computes.

    Raises:
        Misconfigured: ``checkpoint``.
    """
    if wanted != computed:
        raise Misconfigured(
            "checkpoint",
            f"{release.name} wants features {wanted}, this version has {computed}",
        )


def open_model(release: Release, options: Options) -> OnnxModel:
    """Open the checkpoint of ``release`` (C-01, C-03: labels come from the artefact, never from a
    position in code).

    Raises:
        Misconfigured: file missing or altered, its metadata wrong, or its labels not those of the
            release.
    """
    # The CPU arena stays on: with it scene and noise take 3.9 ms for 64 windows, without it 6.2 ms
    # and no less memory.
    session = onnx_runtime.session(locate(release, options))
    properties = session.get_modelmeta().custom_metadata_map
    labels = read(Metadata, properties, release.name).labels
    if release.labels and labels != release.labels:
        raise Misconfigured(
            "labels",
            f"{release.name}: the checkpoint's labels are {list(labels)}, the catalog says"
            f" {list(release.labels)}; publish it again with `python -m training.fitting.publish`",
        )
    return OnnxModel(session, release.name, labels, properties)
