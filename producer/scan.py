"""Finds recordings: files as they are named, folders by the suffixes of audio and video files."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from analysis.errors import BadAudio

SUFFIXES = frozenset(
    {".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".m4a", ".aac", ".aif", ".aiff", ".wma", ".amr", ".caf", ".au", ".w64"}
    | {".mp4", ".m4v", ".mov", ".mkv", ".mka", ".webm", ".3gp"}
)


def find_audio(paths: Iterable[Path]) -> Iterator[Path]:
    """Every file named, and everything below every folder named that looks like audio or video, each once, in order.

    A file that is named is always yielded, whatever its suffix: if it is not audio, ingest says so.

    Raises:
        BadAudio: ``missing``, there is no such path, or a folder holds no audio.
    """
    seen: set[Path] = set()
    for path in paths:
        for each in _below(path):
            if each.resolve() not in seen:
                seen.add(each.resolve())
                yield each


def _below(path: Path) -> list[Path]:
    if path.is_dir():
        found = sorted(each for each in path.rglob("*") if each.suffix.lower() in SUFFIXES and each.is_file())
        if not found:
            raise BadAudio("missing", f"{path}: no audio in this folder")
        return found
    if not path.exists():
        raise BadAudio("missing", f"{path}: no such file")
    return [path]
