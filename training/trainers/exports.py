"""Writes exports that agree with what they were made of, each as a whole or not at all."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from torch import nn

from earshot.models.checkpoints.export import describe, export_torch
from earshot.models.metadata import Metadata
from training.trainers.data.features import Floats
from training.trainers.whole_files import disk_full

TOLERANCE = 1e-4
"""Greatest difference of a logit between a network and its export."""


@contextmanager
def into(path: Path) -> Iterator[Path]:
    """A place of the same name, on the same disk, whose file or folder replaces ``path`` if nothing
    is raised.

    Raises:
        Unavailable: ``disk_full``.
    """
    with disk_full(path), tempfile.TemporaryDirectory(prefix=".export-", dir=path.parent) as folder:
        made = Path(folder) / path.name
        yield made
        if made.is_dir() and path.exists():
            path.rename(Path(folder) / "former")
        made.replace(path)


def write_onnx(
    net: nn.Module, path: Path, example: Floats, names: tuple[str, str], metadata: Metadata
) -> None:
    """Exports a network with its metadata.

    Raises:
        ValueError: it differs from the network by more than ``TOLERANCE``.
    """
    with into(path) as made:
        export_torch(net, made, example, names, tolerance=TOLERANCE)
        describe(made, metadata)
