"""Uploads in pieces: a file in the inbox of a local store that grows, or a multipart upload of an
S3 store."""

import os
from typing import NamedTuple
from uuid import uuid4

from earshot.analysis.errors import Misconfigured
from earshot.audio.sealing.files import change_stored, create_stored
from earshot.audio.store import multipart
from earshot.audio.store.inbox import discard_upload
from earshot.audio.store.incoming import SUFFIX
from earshot.audio.store.layout import check_space, local_path, store_errors
from earshot.audio.store.multipart import Multipart

FLUSH = 1 << 20
"""Bytes that a local store writes at once: an upload loses no more when the gateway breaks."""


class Pieces(NamedTuple):
    """One upload."""

    uri: str
    length: int
    """Bytes of the whole."""
    multipart: str | None
    """Id of the multipart upload; None for a local store."""

    def flush_bytes(self, reach: int) -> int:
        """Bytes to collect before they are stored, behind the ``reach`` that are."""
        if self.multipart is None:
            return FLUSH
        size = multipart.part_bytes(self.length)
        return size - reach % size

    def append(self, reach: int, data: bytes) -> None:
        """Stores the bytes from ``reach`` on, and returns once they outlast a crash.

        Raises:
            BadAudio: ``missing``, the upload is gone.
            Unavailable: ``disk_full`` or ``store_unavailable``.
        """
        if self.multipart is not None:
            self._parts(self.multipart).append(reach, data)
            return
        path = local_path(self.uri)
        assert path is not None
        with store_errors(self.uri), change_stored(path) as file:
            file.seek(reach)
            file.write(data)
            file.flush()
            os.fdatasync(file.fileno())

    def complete(self) -> None:
        """Makes the file appear, once all bytes are stored; it may be called again.

        Raises:
            As ``append``.
        """
        if self.multipart is not None:
            self._parts(self.multipart).complete()

    def discard(self, store_url: str) -> None:
        """Removes the upload, complete or not; it may be called again.

        Raises:
            Unavailable: ``store_unavailable``, parts of a multipart upload may be left.
        """
        if self.multipart is not None:
            self._parts(self.multipart).discard()
        discard_upload(self.uri, store_url)

    def _parts(self, multipart_id: str) -> Multipart:
        return Multipart(self.uri, multipart_id, self.length)


def create(name: str, store_url: str, length: int, promised: int) -> Pieces:
    """Begins an upload.

    Args:
        name: the sender's name of the file, of which only the suffix is used.
        length: bytes of the upload.
        promised: bytes that open uploads will still bring; a local store needs space for them too.

    Raises:
        Misconfigured: ``store_without_appends``, the store is neither local nor of S3.
        Unavailable: ``disk_full`` or ``store_unavailable``.
    """
    suffix = SUFFIX.search(name)
    named = f"audio{suffix[0].lower() if suffix else ''}"
    uri = f"{store_url.rstrip('/')}/inbox/{uuid4()}/{named}"
    path = local_path(uri)
    if path is None:
        if not multipart.supported(uri):
            raise Misconfigured(
                "store_without_appends",
                "objects of this store cannot grow; upload the file in one request",
            )
        return Pieces(uri, length, Multipart.begin(uri))
    check_space(store_url, length + promised)
    with store_errors(uri):
        path.parent.mkdir(parents=True)
        path.touch(mode=0o600)
        with create_stored(path) as file:
            os.fsync(file.fileno())
    return Pieces(uri, length, None)
