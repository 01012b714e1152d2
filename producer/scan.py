"""Finds recordings: files as they are named, folders by the suffixes of audio and video files."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

SUFFIXES = frozenset(
    {".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".m4a", ".aac", ".aif", ".aiff", ".wma", ".amr", ".caf", ".au", ".w64"}
    | {".mp4", ".m4v", ".mov", ".mkv", ".mka", ".webm", ".3gp"}
)


def find_audio(paths: Iterable[Path]) -> Iterator[Path]:
    """Every file named, and everything below every folder named that looks like audio or video, each once, in order.

    What is named is always yielded, be it missing, a folder without audio or no audio at all, and so is a folder that may not
    be entered: handing it in says what is wrong with it, and the others go on.
    """
    # os.path, for pathlib raises at links in a circle, at names that are too long and below folders that may not be entered.
    seen: set[str] = set()
    for path in paths:
        for each in _below(path):
            real = os.path.realpath(each)
            if real not in seen:
                seen.add(real)
                yield each


def _below(path: Path) -> list[Path]:
    if not os.path.isdir(path):
        return [path]
    closed: list[OSError] = []  # folders that may not be entered: handing them in says so
    found = [Path(folder, name) for folder, _, names in os.walk(path, onerror=closed.append) for name in names]
    audio = [each for each in found if each.suffix.lower() in SUFFIXES and os.path.isfile(each)]
    return sorted([*audio, *(Path(error.filename) for error in closed)]) or [path]
