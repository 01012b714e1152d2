"""A file that is opened once, so that all readers see the same bytes even if its path changes."""

import errno
import io
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from earshot.analysis.errors import BadAudio, Forbidden, Growing
from earshot.audio.sealing.blocks import Blocks
from earshot.audio.sealing.cipher import HEADER, Cipher, cipher_of

NO_FILE = (errno.ENOTDIR, errno.ENAMETOOLONG, errno.ELOOP)


@dataclass(frozen=True)
class View:
    """Byte range of a file with replacements: a part, or a header with corrected sizes."""

    first: int = 0
    end: int | None = None
    edits: Mapping[int, bytes] = field(default_factory=dict)
    """Replacement bytes by offset of the file."""


WHOLE_FILE = View()


class MediaFile:
    """An open file. ``size`` is that at opening: bytes that another program appends later are not
    read."""

    def __init__(self, path: Path, descriptor: int, cipher: Cipher | None = None) -> None:
        """
        Args:
            cipher: of a sealed file, whose content is then read.
        """
        self.path = path
        self._descriptor = descriptor
        self._cipher = cipher
        self._status = os.fstat(descriptor)
        self.size = self._status.st_size if cipher is None else self._blocks(cipher).size

    @property
    def descriptor(self) -> int:
        return self._descriptor

    @property
    def written_at(self) -> float:
        """Time of the last write before opening, seconds since the epoch."""
        return self._status.st_mtime

    @property
    def identity(self) -> tuple[int, int]:
        """Device and inode of the file, to compare with those behind a path."""
        return self._status.st_dev, self._status.st_ino

    def reader(self, view: View = WHOLE_FILE) -> io.BufferedReader:
        """Returns an independent reader for a ``with``; any number may be open at once."""
        return io.BufferedReader(self.raw(view))

    def raw(self, view: View = WHOLE_FILE) -> io.RawIOBase:
        """Returns an unbuffered reader, for callers that buffer themselves."""
        end = self.size if view.end is None else min(view.end, self.size)
        read = self._pread if self._cipher is None else self._blocks(self._cipher).pread
        return _Reader(read, self.path.name, view.first, end, view.edits)

    def unsealed(self) -> "MediaFile":
        """The content of this file of the store; the file itself if it is not sealed.

        Raises:
            Unavailable: ``sound_key``. Permanent: ``sound_damaged``, also while it is read.
        """
        cipher = cipher_of(self._pread(HEADER, 0))
        return self if cipher is None else MediaFile(self.path, self._descriptor, cipher)

    def _pread(self, size: int, start: int) -> bytes:
        return os.pread(self._descriptor, size, start)

    def _blocks(self, cipher: Cipher) -> Blocks:
        return Blocks(self._pread, self._status.st_size, cipher)

    def changed(self) -> bool:
        """True if the file was written to since it was opened."""
        now = os.fstat(self._descriptor)
        before = self._status
        return (now.st_size, now.st_mtime_ns) != (before.st_size, before.st_mtime_ns)

    def check_unchanged(self) -> None:
        """Checks that the file was not written to since it was opened.

        Raises:
            Unavailable: ``growing``, it was.
        """
        if self.changed():
            raise Growing(
                "growing",
                f"{self.path} was written to while it was read; its recording has not ended yet",
            )


Source = Path | MediaFile
"""Input of the functions in this package: a path to open, or an open file."""


@contextmanager
def opened(source: Source) -> Iterator[MediaFile]:
    """Opens a path; an open file stays open afterwards.

    Raises:
        BadAudio: ``missing``, or ``not_audio`` for a folder, a pipe or a device.
        Forbidden: ``unreadable``.
        Unavailable: ``growing``, another program holds it open for writing and denies reading.
    """
    if isinstance(source, MediaFile):
        yield source
        return
    descriptor = _descriptor(source)
    try:
        _check_regular(source, os.fstat(descriptor).st_mode)
        yield MediaFile(source, descriptor)
    finally:
        os.close(descriptor)


def _descriptor(path: Path) -> int:
    try:
        return os.open(
            path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY
        )  # a pipe must not hold this process
    except FileNotFoundError as error:
        raise BadAudio("missing", f"{path} does not exist (any more)") from error
    except PermissionError as error:
        raise Forbidden(
            "unreadable", f"{path} may not be read by this user; change its permissions"
        ) from error
    except BlockingIOError as error:
        raise Growing(
            "growing", f"{path} is held by a program that writes it; hand it in when that has ended"
        ) from error
    except OSError as error:
        if error.errno == errno.ENXIO:
            raise BadAudio("not_audio", f"{path} is not a regular file") from error
        if error.errno in NO_FILE:
            raise BadAudio("missing", f"{path} cannot be opened: {error.strerror}") from error
        raise


def _check_regular(path: Path, mode: int) -> None:
    if stat.S_ISDIR(mode):
        raise BadAudio("not_audio", f"{path} is a folder, not a recording; name a file in it")
    if not stat.S_ISREG(mode):
        raise BadAudio("not_audio", f"{path} is not a regular file")


class _Reader(io.RawIOBase):
    """Reads by position, so that readers do not affect each other."""

    def __init__(
        self,
        pread: Callable[[int, int], bytes],
        name: str,
        first: int,
        end: int,
        edits: Mapping[int, bytes],
    ) -> None:
        self.name = name  # FFmpeg uses the suffix as a hint where the contents are ambiguous
        self._pread, self._first, self._length = pread, first, max(0, end - first)
        self._edits, self._at = edits, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._length}[whence]
        if at < 0:
            raise OSError(errno.EINVAL, "before the beginning of the file")
        self._at = at
        return at

    def read(self, size: int = -1) -> bytes:
        left = max(0, self._length - self._at)
        start = self._first + self._at
        data = self._pread(left if size < 0 else min(size, left), start)
        self._at += len(data)
        return self._edited(data, start) if self._edits else data

    def readinto(self, buffer: Any) -> int:
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def _edited(self, data: bytes, start: int) -> bytes:
        for at, new in self._edits.items():
            low, high = max(at, start), min(at + len(new), start + len(data))
            if low < high:
                data = data[: low - start] + new[low - at : high - at] + data[high - start :]
        return data
