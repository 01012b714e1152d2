"""The store's inbox: copies of users' files, so that work can start after the user's own path has gone."""

import hashlib
import tempfile
from dataclasses import dataclass
from pathlib import Path

import fsspec

from audio.source import COPY_BYTES, check_file
from audio.store import local_path, store_errors


@dataclass(frozen=True)
class Upload:
    """A file in the inbox; ``sha256`` in hex, ``size`` in bytes."""

    uri: str
    sha256: str
    size: int


def upload(path: Path, store_url: str) -> Upload:
    """Copies a file to ``<store>/inbox/<sha256>/<file name>``; appears whole or not at all, and is reused if already there.

    Raises:
        BadAudio: ``missing``, or ``not_audio`` for a folder.
        Forbidden: ``unreadable``.
        Unavailable: ``disk_full`` or ``store_unavailable``.
    """
    check_file(path)
    inbox = f"{store_url.rstrip('/')}/inbox"
    folder = local_path(inbox)
    with store_errors(inbox):
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".uploading-", delete=False) as copy:
            temporary = Path(copy.name)
        try:
            sha256, size = _copy(path, temporary)
            uri = f"{inbox}/{sha256}/{path.name}"
            _publish(temporary, uri)
        finally:
            temporary.unlink(missing_ok=True)
    return Upload(uri=uri, sha256=sha256, size=size)


def discard_upload(uri: str, store_url: str) -> None:
    """Removes a file from the inbox; anything that does not lie in the inbox is left alone."""
    inbox = f"{store_url.rstrip('/')}/inbox/"
    name = uri.removeprefix(inbox)
    if name == uri or ".." in name.split("/"):
        return
    with store_errors(uri):
        target = local_path(uri)
        if target is not None:
            target.unlink(missing_ok=True)
            if target.parent.is_dir() and not any(target.parent.iterdir()):
                target.parent.rmdir()
        else:
            fs, path = fsspec.core.url_to_fs(uri)
            if fs.exists(path):
                fs.rm(path)


def _copy(source: Path, copy: Path) -> tuple[str, int]:
    """Copies and hashes in one reading, so that hash and size are true of the copy even if the source is still growing."""
    digest = hashlib.sha256()
    with source.open("rb") as file, copy.open("wb") as out:
        while data := file.read(COPY_BYTES):
            digest.update(data)
            out.write(data)
        return digest.hexdigest(), out.tell()


def _publish(copy: Path, uri: str) -> None:
    target = local_path(uri)
    if target is None:
        fs, path = fsspec.core.url_to_fs(uri)
        if not fs.exists(path):
            fs.put_file(str(copy), path)
    elif not target.exists():
        target.parent.mkdir(exist_ok=True)
        copy.chmod(0o644)
        copy.replace(target)
