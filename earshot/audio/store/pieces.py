"""Uploads that come in pieces, appended to a file in the inbox of a local store."""

import os
from uuid import uuid4

from earshot.analysis.errors import Misconfigured
from earshot.audio.store.incoming import SUFFIX
from earshot.audio.store.layout import check_space, local_path, store_errors


def create(name: str, store_url: str, promised: int) -> str:
    """Creates an empty file for an upload, and returns its URI.

    Args:
        name: the sender's name of the file, of which only the suffix is used.
        promised: bytes for which there must be space: of this upload, and of those that are open.

    Raises:
        Misconfigured: ``store_without_appends``, the store is remote.
        Unavailable: ``disk_full`` or ``store_unavailable``.
    """
    suffix = SUFFIX.search(name)
    named = f"audio{suffix[0].lower() if suffix else ''}"
    uri = f"{store_url.rstrip('/')}/inbox/{uuid4()}/{named}"
    path = local_path(uri)
    if path is None:
        raise Misconfigured(
            "store_without_appends",
            "objects of a remote store cannot grow; upload the file in one request",
        )
    check_space(store_url, promised)
    with store_errors(uri):
        path.parent.mkdir(parents=True)
        path.touch(mode=0o600)
    return uri


def append(uri: str, offset: int, data: bytes | bytearray) -> None:
    """Writes the bytes from ``offset`` on, and returns once they are on the disk.

    Raises:
        BadAudio: ``missing``, the file is gone.
        Unavailable: ``disk_full`` or ``store_unavailable``.
    """
    path = local_path(uri)
    assert path is not None
    with store_errors(uri), path.open("r+b") as file:
        file.seek(offset)
        file.write(data)
        file.flush()
        os.fdatasync(file.fileno())
