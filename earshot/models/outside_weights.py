"""Graphs of the project with weights of an installed package.

The file of the graph's name that ends with ``.json`` has the places and the rest of the metadata: a
session cannot be opened, and its properties not be read, before it has all weights.
"""

from pathlib import Path
from typing import TypeVar

from earshot.analysis.types import Release
from earshot.compute import placed_weights
from earshot.models.checkpoints.location import beside, locate
from earshot.models.metadata import OutsideWeights
from earshot.models.onnx_model import OnnxModel
from earshot.models.options import Options

M = TypeVar("M", bound=OutsideWeights)


def open_packaged(
    release: Release, name: str, kind: type[M], options: Options
) -> tuple[OnnxModel, M]:
    """The graph ``name`` below ``models/embedded`` with the weights of the release's package.

    Raises:
        Misconfigured: the package is absent, or of another version.
    """
    folder = locate(release, options)
    return open_graph(beside(f"{name}.onnx"), beside(f"{name}.json"), kind, folder)


def open_graph(graph: Path, places: Path, kind: type[M], folder: Path) -> tuple[OnnxModel, M]:
    """A graph with weights in a verified file of ``folder``, and its metadata."""
    found = kind.model_validate_json(places.read_bytes())
    files = [folder / name for name in (found.member, *found.more)]
    session = placed_weights.session(graph, found.weights, files)
    return OnnxModel(session, graph.stem, found.labels, {}), found
