"""The files of a batch."""

from collections import Counter
from pathlib import Path

from earshot.analysis.errors import Misconfigured
from earshot.audio.files import find_audio
from earshot.settings import Settings


def input_folder(config: Settings) -> Path:
    """The folder of input.

    Raises:
        Misconfigured: it is not there.
    """
    folder = config.beside_config(config.input_dir)
    if not folder.is_dir():
        raise Misconfigured("input_dir", f"{folder}: no such folder (setting input_dir)")
    return folder


def files_in(folder: Path, left_out: Counter[str]) -> list[Path]:
    """The audio and video files below it, in order."""
    return [path for path in find_audio([folder], left_out) if path != folder]
