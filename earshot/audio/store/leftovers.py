"""Lists the contents of the audio store, and removes files that are no longer needed."""

import os
import posixpath
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import fsspec

from earshot.analysis.errors import Unavailable
from earshot.analysis.urls import shown
from earshot.audio.store.layout import local_path, store_errors

TIMES = ("LastModified", "modified", "mtime", "updated", "created")
"""Names of the modification time in the clients of stores."""


class Stored(NamedTuple):
    """One file or object of the store, or an empty folder."""

    path: str
    """Relative to the store's URL; a folder's ends with a slash."""
    size: int
    modified_at: float
    """Seconds since the epoch."""


def stored(store_url: str, below: str = "") -> Iterator[Stored]:
    """Yields every file and empty folder of the store, or of one of its folders.

    Raises:
        Unavailable: the store does not answer, or does not report when a file was written.
    """
    root = local_path(store_url)
    with store_errors(store_url):
        if root is not None:
            yield from _local(str(root), str(root / below))
            return
        fs, path = fsspec.core.url_to_fs(store_url)
        fs.invalidate_cache()
        base = path.rstrip("/")
        if fs.exists(posixpath.join(base, below)):
            for name, facts in sorted(fs.find(posixpath.join(base, below), detail=True).items()):
                yield Stored(
                    name.removeprefix(base).lstrip("/"),
                    int(facts["size"]),
                    _modified_at(facts, store_url),
                )


def _modified_at(facts: Mapping[str, Any], store_url: str) -> float:
    at = next((facts[key] for key in TIMES if key in facts), None)
    if at is None:
        raise Unavailable(
            "store_unavailable",
            f"{shown(store_url)} does not say when its files were written; use another store",
        )
    return float(at if isinstance(at, int | float) else at.timestamp())


def _local(root: str, folder: str) -> Iterator[Stored]:
    for place, folders, names in os.walk(folder):
        for path in [os.path.join(place, name) for name in names] or (
            [] if folders or place == folder else [place]
        ):
            try:
                facts = os.lstat(path)
            except FileNotFoundError:  # removed meanwhile
                continue
            size, slash = (facts.st_size, "") if path != place else (0, "/")
            yield Stored(os.path.relpath(path, root) + slash, size, facts.st_mtime)


def remove(store_url: str, path: str) -> bool:
    """Removes a file of the store, or an empty folder, and the folder left empty by that; returns
    whether it existed.

    Raises:
        Unavailable: the store does not answer, or does not allow it.
    """
    root = local_path(store_url)
    with store_errors(path):
        if root is None:
            fs, name = fsspec.core.url_to_fs(f"{store_url.rstrip('/')}/{path}")
            there = bool(fs.isfile(name))
            if there:
                fs.rm_file(name)
            return there
        return _remove_local(root, root / path)


def _remove_local(root: Path, path: Path) -> bool:
    there = os.path.lexists(path) and path.parent.resolve().is_relative_to(root.resolve())
    folder = path if path.is_dir() else path.parent
    if there and folder != path:
        path.unlink(missing_ok=True)
    # The folders of the store itself stay.
    if (
        there
        and root not in (folder, folder.parent)
        and folder.is_dir()
        and not any(folder.iterdir())
    ):
        folder.rmdir()
    return there
