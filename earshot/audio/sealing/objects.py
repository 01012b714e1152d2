"""Objects of remote stores, sealed or as they are: read from any byte."""

from typing import Any

from earshot.audio.sealing.blocks import Blocks
from earshot.audio.sealing.cipher import HEADER, PLAIN, STORED, cipher_of, plain_size


def read_object(fs: Any, path: str, start: int = 0, end: int | None = None) -> bytes:
    """Bytes of ``[start, end)`` of what an object holds, as far as there are any; all of them by
    default.

    Raises:
        Unavailable: ``sound_key``. Permanent: ``sound_damaged``. Errors of the store's client.
    """
    cipher = cipher_of(bytes(fs.cat_file(path, start=0, end=HEADER)))
    if cipher is None:
        return bytes(fs.cat_file(path, start=start, end=end))
    size = int(fs.size(path) or 0)
    end = plain_size(size) if end is None else min(end, plain_size(size))
    if end <= start:
        return b""
    first = HEADER + start // PLAIN * STORED
    data = fs.cat_file(path, start=first, end=min(size, HEADER + -(-end // PLAIN) * STORED))
    blocks = Blocks(lambda many, at: data[at - first :][:many], size, cipher)
    return blocks.pread(end - start, start)


def object_size(fs: Any, path: str) -> int:
    """Bytes that an object holds.

    Raises: as ``read_object``.
    """
    size = int(fs.size(path) or 0)
    if size < HEADER:
        return size
    sealed = cipher_of(bytes(fs.cat_file(path, start=0, end=HEADER))) is not None
    return plain_size(size) if sealed else size
