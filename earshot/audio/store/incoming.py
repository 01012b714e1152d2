"""Uploads that arrive in blocks, written to the store's inbox while they are hashed."""

import hashlib
import logging
import re
from collections.abc import Iterable
from typing import Any, NamedTuple
from uuid import uuid4

import fsspec

from earshot.analysis.errors import Forbidden
from earshot.audio.sealing.files import Sealer, sealer
from earshot.audio.store.inbox import discard_upload
from earshot.audio.store.layout import check_space, store_errors

log = logging.getLogger(__name__)

SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,8}\Z")


class Received(NamedTuple):
    """A complete upload."""

    uri: str
    """In the inbox; empty if it was hashed and not stored."""
    size: int
    """Bytes."""
    sha256: str


class Incoming:
    """One upload. Use it from one thread at a time; end it with ``finish`` or ``discard``.

    The object's name is chosen here, with the suffix of the sender's name: what a sender writes
    into a name reaches neither a path nor fsspec, for which ``::`` and ``*`` have a meaning.
    """

    def __init__(
        self, name: str, store_url: str, most_bytes: int, expected: int = 0, *, stored: bool = True
    ) -> None:
        """Opens the upload.

        Args:
            name: the sender's name of the file.
            most_bytes: size of the largest upload.
            expected: announced size in bytes, for which there must be space; 0: unknown.
            stored: False: only hash it.

        Raises:
            Forbidden: ``too_large``, the disk would be too small even when empty.
            Unavailable: ``disk_full`` or ``store_unavailable``.
        """
        self._most, self._store = most_bytes, store_url
        self._size, self._digest = 0, hashlib.sha256()
        self._file: Any = None
        self._sealer: Sealer | None = None
        self.uri = ""
        if stored:
            self._open(name, expected)

    def _open(self, name: str, expected: int) -> None:
        suffix = SUFFIX.search(name)
        named = f"audio{suffix[0].lower() if suffix else ''}"
        self.uri = f"{self._store.rstrip('/')}/inbox/{uuid4()}/{named}"
        check_space(self._store, expected)
        with store_errors(self.uri):
            fs, folder = fsspec.core.url_to_fs(self.uri.rpartition("/")[0])
            fs.makedirs(folder, exist_ok=True)
            self._file = fs.open(f"{folder}/{named}", "wb")
            self._sealer = sealer(self._file)

    def write(self, blocks: Iterable[bytes | memoryview]) -> None:
        """Appends the blocks.

        Raises:
            Forbidden: ``too_large``, these exceed ``most_bytes``.
            Unavailable: ``disk_full`` or ``store_unavailable``.
        """
        for block in blocks:
            self._size += len(block)
            if self._size > self._most:
                raise Forbidden(
                    "too_large",
                    f"the file has more than {self._most / 1e6:.0f} MB, the most that"
                    " EARSHOT_MAX_UPLOAD_MB allows",
                )
            self._digest.update(block)
            if self._file is not None:
                with store_errors(self.uri):
                    (self._sealer or self._file).write(block)

    def finish(self) -> Received:
        """Completes the upload.

        Raises:
            Unavailable: ``disk_full`` or ``store_unavailable``.
        """
        if self._file is not None:
            with store_errors(self.uri):
                if self._sealer is not None:
                    self._sealer.finish()
                self._file.close()
            self._file = None
        return Received(self.uri, self._size, self._digest.hexdigest())

    def discard(self) -> None:
        """Removes the upload, complete or not."""
        file, self._file = self._file, None
        try:
            if file is not None:
                _abandon(file)
        finally:
            if self.uri:
                discard_upload(self.uri, self._store)


def _abandon(file: Any) -> None:
    """Closes a file of fsspec without completing a remote object; closing it would."""
    if isinstance(file, fsspec.spec.AbstractBufferedFile):
        file.closed = True
        if file.offset is not None:  # parts were sent
            file.discard()
        return
    try:
        file.close()
    except OSError as error:  # of a full disk; it is removed all the same
        log.warning("an upload is not closed: %s", error)
