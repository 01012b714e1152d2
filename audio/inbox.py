"""The store's inbox: copies of users' files, so that work can start after the user's own path has gone."""

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import fsspec

from audio.source import content_hash
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
    inbox = f"{store_url.rstrip('/')}/inbox"
    sha256 = content_hash(path)
    uri = f"{inbox}/{sha256}/{path.name}"
    with store_errors(uri):
        size = path.stat().st_size
        target = local_path(uri)
        if target is not None:
            _copy(path, target, size)
        else:
            fs, remote = fsspec.core.url_to_fs(uri)
            if not (fs.exists(remote) and fs.size(remote) == size):
                fs.put_file(str(path), remote)
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


def _copy(source: Path, target: Path, size: int) -> None:
    if target.is_file() and target.stat().st_size == size:
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=target.parent, prefix=".uploading-", delete=False) as part:
        temporary = Path(part.name)
    try:
        shutil.copyfile(source, temporary)
        temporary.chmod(0o644)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
