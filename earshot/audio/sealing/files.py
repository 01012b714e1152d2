"""Local files of the audio store, sealed or as they are: read and written from any byte."""

import io
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any
from uuid import uuid4

from earshot.audio.sealing.blocks import SealedFile
from earshot.audio.sealing.cipher import (
    HEADER,
    PLAIN,
    Cipher,
    cipher_of,
    key_name_of,
    new_cipher,
    without_key,
)

COPY_BYTES = 1 << 20


def open_stored(path: Path) -> io.BufferedReader:
    """A stored file for reading.

    Raises:
        OSError: as ``open``.
        Unavailable: ``sound_key``. Permanent: ``sound_damaged``, also while it is read.
    """
    raw = _raw(path, "rb")
    return io.BufferedReader(raw, PLAIN)


def change_stored(path: Path) -> io.BufferedRandom:
    """A stored file for reading and writing; it stays sealed, or as it is.

    Raises: as ``open_stored``.
    """
    return io.BufferedRandom(_raw(path, "r+b"), PLAIN)


def create_stored(path: Path) -> io.BufferedRandom:
    """A new file for reading and writing, in place of any other; sealed if there are keys."""
    file = io.FileIO(path, "w+b")
    made = new_cipher()
    if made is None:
        return io.BufferedRandom(file, PLAIN)
    head, cipher = made
    file.write(head)
    return io.BufferedRandom(SealedFile(file, cipher), PLAIN)


def is_sealed(path: Path) -> bool:
    """Whether a file of the store is sealed.

    Raises:
        OSError: as ``open``.
        Permanent: ``sound_damaged``.
    """
    with path.open("rb") as file:
        return key_name_of(file.read(HEADER)) is not None


def stored_size(path: Path) -> int:
    """Bytes that a stored file holds.

    Raises:
        OSError: as ``open``.
    """
    with open_stored(path) as file:
        return file.seek(0, io.SEEK_END)


def _raw(path: Path, mode: str) -> io.RawIOBase:
    file = io.FileIO(path, mode)
    try:
        cipher = cipher_of(os.pread(file.fileno(), HEADER, 0))
    except BaseException:
        file.close()
        raise
    return file if cipher is None else SealedFile(file, cipher)


@contextmanager
def replacing(path: Path, *, destroy: bool = False) -> Iterator[io.BufferedRandom]:
    """A copy of a stored file to change, sealed with a key of its own if there are keys, which
    takes the place of the file at the end.

    Args:
        destroy: what the file was sealed with is overwritten, so that blocks of it that stay on the
            disk can be opened by nothing.

    Raises: as ``open_stored``.
    """
    half = path.with_name(f".writing-{uuid4().hex}-{path.name}")
    try:
        with open_stored(path) as old, create_stored(half) as new:
            shutil.copyfileobj(old, new, COPY_BYTES)
            yield new
            new.flush()
            os.fsync(new.fileno())
            with path.open("r+b") as before:
                half.replace(path)
                if destroy:
                    _destroy_key(before)
    finally:
        half.unlink(missing_ok=True)


def _destroy_key(file: IO[bytes]) -> None:
    head = file.read(HEADER)
    if cipher_of(head) is not None:
        file.seek(0)
        file.write(without_key(head))
        file.flush()
        os.fsync(file.fileno())


class Sealer:
    """Seals what is written, in order, into a file that need not be seekable."""

    def __init__(self, target: Any, head: bytes, cipher: Cipher) -> None:
        self._target, self._cipher = target, cipher
        self._waiting, self._index = bytearray(), 0
        target.write(head)

    def write(self, data: bytes | memoryview) -> int:
        self._waiting += data
        while len(self._waiting) >= PLAIN:
            self._put(PLAIN)
        return len(data)

    def flush(self) -> None:
        """Nothing: a block that is not full may still grow."""

    def finish(self) -> None:
        """Writes the last block; the target stays open."""
        if self._waiting:
            self._put(len(self._waiting))

    def _put(self, size: int) -> None:
        self._target.write(self._cipher.seal(self._index, bytes(self._waiting[:size])))
        self._index += 1
        del self._waiting[:size]


def sealer(target: Any) -> Sealer | None:
    """Seals what is written into ``target``; None without keys."""
    made = new_cipher()
    return None if made is None else Sealer(target, *made)


@contextmanager
def sealing(target: IO[bytes]) -> Iterator[IO[bytes]]:
    """``target``, or what seals into it if there are keys."""
    made = sealer(target)
    yield target if made is None else made  # type: ignore[misc]
    if made is not None:
        made.finish()
