"""Small objects of the store, written whole or not at all, and read in parts; sealed if there are
keys."""

from pathlib import Path
from uuid import uuid4

import fsspec

from earshot.audio.sealing.cipher import sealed
from earshot.audio.sealing.files import open_stored
from earshot.audio.sealing.objects import read_object
from earshot.audio.store.layout import local_path, store_errors


def put(url: str, data: bytes, *, new_folder: bool = True) -> None:
    """Replaces the object. Object stores show an upload only when it is complete; in a local store
    the file is renamed, and a name of its own keeps apart two processes that write the same
    object. ``.writing-`` is what upkeep removes after a process that was killed.

    Args:
        new_folder: create the folder of a local store if there is none.

    Raises:
        BadAudio: ``missing``, there is no such folder.
        Unavailable: the store does not answer, or its disk is full.
    """
    target, data = local_path(url), sealed(data)
    with store_errors(url, folder_of_all(target)):
        if target is None:
            fs, path = fsspec.core.url_to_fs(url)
            fs.pipe_file(path, data)
            return
        if new_folder:
            target.parent.mkdir(parents=True, exist_ok=True)
        half = target.with_name(f".writing-{uuid4().hex}-{target.name}")
        try:
            half.write_bytes(data)
            half.replace(target)
        finally:
            half.unlink(missing_ok=True)


def read(url: str, start: int = 0, end: int | None = None) -> bytes:
    """Bytes of ``[start, end)`` of an object, as far as there are any; all of them by default.

    Raises:
        BadAudio: ``missing``, the object is gone.
        Permanent: ``sound_damaged``.
        Unavailable: the store does not answer; ``sound_key``.
    """
    path = local_path(url)
    with store_errors(url, folder_of_all(path)):
        if path is not None:
            with open_stored(path) as file:
                file.seek(start)
                return file.read(-1 if end is None else end - start)
        fs, name = fsspec.core.url_to_fs(url)
        return read_object(fs, name, start, end)


def folder_of_all(path: Path | None) -> Path | None:
    """The folder that a local store has whenever it is there, for an object of a recording."""
    return None if path is None else path.parent.parent
