"""Finds recordings: named files, and audio and video files in folders by their suffixes."""

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

SUFFIXES = frozenset(
    {
        ".wav",
        ".flac",
        ".ogg",
        ".oga",
        ".opus",
        ".spx",
        ".mp3",
        ".mp2",
        ".mp1",
        ".mpga",
        ".m4a",
        ".m4b",
        ".aac",
        ".ac3",
        ".eac3",
    }
    | {
        ".aif",
        ".aiff",
        ".aifc",
        ".amr",
        ".awb",
        ".ape",
        ".au",
        ".snd",
        ".caf",
        ".dsf",
        ".gsm",
        ".mka",
        ".mpc",
        ".rf64",
        ".sph",
    }
    | {
        ".tta",
        ".voc",
        ".w64",
        ".wma",
        ".wv",
        ".mp4",
        ".m4v",
        ".mov",
        ".mkv",
        ".webm",
        ".3gp",
        ".3g2",
        ".asf",
        ".avi",
        ".flv",
    }
    | {".m2ts", ".mts", ".mpeg", ".mpg", ".ogv", ".ts", ".wmv"}
)


def find_audio(paths: Iterable[Path], left_out: Counter[str] | None = None) -> Iterator[Path]:
    """Yields every named file, and every audio or video file below the named folders, each once, in
    order.

    Named paths are always yielded, even if missing, a folder without audio or not audio, and so are
    folders that cannot be entered: submitting them reports the error, and the others continue.

    Args:
        left_out: counts the other files of the folders by suffix, complete when all is yielded.
    """
    # os.path, for pathlib raises at links in a circle, at names that are too long and below folders
    # that may not be entered.
    seen: set[str] = set()
    for path in paths:
        for each in _below(path, Counter() if left_out is None else left_out):
            real = os.path.realpath(each)
            if real not in seen:
                seen.add(real)
                yield each


def _below(path: Path, left_out: Counter[str]) -> list[Path]:
    if not os.path.isdir(path):
        return [path]
    closed: list[OSError] = []  # folders that cannot be entered: submitting them reports it
    found = [
        Path(folder, name)
        for folder, _, names in os.walk(path, onerror=closed.append)
        for name in names
    ]
    named = [each for each in found if each.suffix.lower() in SUFFIXES]
    left_out.update(each.suffix.lower() for each in found if each.suffix.lower() not in SUFFIXES)
    audio = [each for each in named if os.path.isfile(each)]
    return sorted([*audio, *(Path(error.filename) for error in closed)]) or [path]
