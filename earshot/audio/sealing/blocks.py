"""The content of sealed files, read and written from any byte."""

import io
import os
from collections.abc import Callable
from typing import Any

from earshot.audio.sealing.cipher import HEADER, PLAIN, STORED, Cipher, plain_size


class Blocks:
    """What a sealed file holds, read by position. One thread at a time."""

    def __init__(self, read: Callable[[int, int], bytes], stored: int, cipher: Cipher) -> None:
        """
        Args:
            read: bytes of the sealed file: how many, from which on.
            stored: size of the sealed file.
        """
        self._read, self._cipher = read, cipher
        self.size = plain_size(stored)
        self._last = (-1, b"")

    def block(self, index: int) -> bytes:
        """The content of one block; the last one read is kept."""
        if self._last[0] != index:
            stored = self._read(STORED, HEADER + index * STORED)
            self._last = (index, self._cipher.open(index, stored))
        return self._last[1]

    def pread(self, size: int, start: int) -> bytes:
        """Up to ``size`` bytes from ``start`` on."""
        parts, end = [], min(start + size, self.size)
        while start < end:
            index, offset = divmod(start, PLAIN)
            parts.append(self.block(index)[offset : offset + end - start])
            start += len(parts[-1])
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def kept(self, index: int, plain: bytes) -> bytes:
        """Has the block read as ``plain`` from now on, and returns it as it is to be stored."""
        self._last = (index, plain)
        self.size = max(self.size, index * PLAIN + len(plain))
        return self._cipher.seal(index, plain)


class SealedFile(io.RawIOBase):
    """An open sealed file, as if it were not sealed. Behind its end it cannot be written."""

    def __init__(self, file: io.FileIO, cipher: Cipher) -> None:
        self._file, self._at = file, 0
        stored = os.fstat(file.fileno()).st_size
        self._blocks = Blocks(lambda size, at: os.pread(file.fileno(), size, at), stored, cipher)

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return self._file.writable()

    def seekable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._file.fileno()

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        from_ = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._blocks.size}
        self._at = max(0, offset + from_[whence])
        return self._at

    def readinto(self, buffer: Any) -> int:
        index, offset = divmod(self._at, PLAIN)
        if self._at >= self._blocks.size:
            return 0
        part = self._blocks.block(index)[offset : offset + len(buffer)]
        buffer[: len(part)] = part
        self._at += len(part)
        return len(part)

    def write(self, data: Any) -> int:
        if self._at > self._blocks.size:
            raise io.UnsupportedOperation("a sealed file has no holes")
        index, offset = divmod(self._at, PLAIN)
        part = bytes(memoryview(data).cast("B")[: PLAIN - offset])
        there = min(PLAIN, self._blocks.size - index * PLAIN)
        is_whole = offset == 0 and len(part) >= there
        old = b"" if is_whole else self._blocks.block(index)
        self._store(index, old[:offset] + part + old[offset + len(part) :])
        self._at += len(part)
        return len(part)

    def truncate(self, size: int | None = None) -> int:
        """Cuts the file to ``size`` bytes; it is no longer than it was."""
        wanted = self._at if size is None else size
        index, rest = divmod(wanted, PLAIN)
        if wanted < self._blocks.size:
            kept = self._blocks.block(index)[:rest] if rest else b""
            os.ftruncate(self.fileno(), HEADER + index * STORED)
            self._blocks.size = index * PLAIN
            if rest:
                self._store(index, kept)
        return wanted

    def close(self) -> None:
        try:
            super().close()
        finally:
            self._file.close()

    def _store(self, index: int, plain: bytes) -> None:
        data, at = memoryview(self._blocks.kept(index, plain)), HEADER + index * STORED
        while data:
            written = os.pwrite(self.fileno(), data, at)
            data, at = data[written:], at + written
