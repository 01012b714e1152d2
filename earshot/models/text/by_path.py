"""Models of text sentiment by path, for one role each."""

from pathlib import Path

from earshot.analysis.errors import Misconfigured
from earshot.compute.optional_packages import needed_by
from earshot.models.checkpoints.addresses import digest_of
from earshot.models.checkpoints.location import sha256
from earshot.models.text.model import TextModel
from earshot.models.text.tokens import GRAPHS, OnnxTokens


def open_path(folder: Path, device: str) -> TextModel:
    """The checkpoint in a folder: the ONNX graph if it has one, else the weights by transformers.

    Args:
        device: ``cpu`` or ``cuda``, of transformers.

    Raises:
        Misconfigured: there is no such folder, it is no checkpoint, or the packages that it needs
            are not installed.
    """
    if not (folder / "config.json").is_file():
        raise Misconfigured(
            "checkpoint",
            f"{folder} is no model of text sentiment: give a folder with config.json,"
            " tokenizer.json and model.onnx, or with the files of transformers",
        )
    if any((folder / name).is_file() for name in GRAPHS):
        return OnnxTokens(folder)
    with needed_by(str(folder), "gpu"):
        from earshot.models.text.transformers_text import TransformersText

        return TransformersText(folder, device)


def identity(folder: Path) -> str:
    """Name of the folder with the beginning of one sha256 of all its files, so that results say
    which weights made them."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    digests = {str(path.relative_to(folder)): sha256(path) for path in files}
    return f"{folder.name}@{digest_of(digests)[:12]}"
