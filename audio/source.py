"""Turns the URI of a recording into a local file to decode, and keeps it inside the roots the operator allows."""

import hashlib
import posixpath
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

import fsspec

from analysis.errors import BadAudio, Forbidden
from audio.fetch import PORTS, fetch
from audio.store import local_path, store_errors

COPY_BYTES = 1 << 20


@contextmanager
def open_source(uri: str, roots: Sequence[str], store_url: str, internal_hosts: Sequence[str] = ()) -> Iterator[Path]:
    """A local path with the bytes of ``uri``: the file itself, or a temporary copy of a remote object.

    Args:
        internal_hosts: ``host:port`` of web servers that may be read although their addresses are internal.

    Raises:
        Forbidden: ``outside_roots``, ``unreadable``, or what ``audio.fetch`` says of a web server.
        BadAudio: ``missing``, or ``not_audio`` for a folder.
        Unavailable: the remote store does not answer, or the disk is full.
    """
    confined = confine(uri, roots, store_url)
    path = local_path(confined)
    if path is not None:
        check_file(path)
        yield path
        return
    with tempfile.NamedTemporaryFile(suffix=PurePosixPath(urlsplit(confined).path).suffix) as copy:
        if urlsplit(confined).scheme in PORTS:
            fetch(confined, copy.file, lambda url: confine(url, roots, store_url), internal_hosts)
        else:
            with store_errors(confined), fsspec.open(confined, "rb") as remote:
                shutil.copyfileobj(remote, copy, COPY_BYTES)
        copy.flush()
        yield Path(copy.name)


def confine(uri: str, roots: Sequence[str], store_url: str) -> str:
    """``uri`` in one spelling, links and ``..`` resolved, if it lies below a root or in the store's inbox.

    A plain path means ``file://``; percent-escapes in a ``file://`` URI are decoded where no file has the literal name.

    Raises:
        Forbidden: ``outside_roots``.
    """
    allowed = (*roots, f"{store_url.rstrip('/')}/inbox")
    path = local_path(uri)
    if path is not None:
        real = _real(path)
        folders = (local_path(root) for root in allowed)
        if any(real.is_relative_to(folder.resolve()) for folder in folders if folder is not None):
            return f"file://{real}"
    elif any(_is_below(uri, root) for root in allowed if local_path(root) is None):
        return uri
    raise Forbidden(
        "outside_roots", f"{uri} is outside the folders that may be read; add its folder to EARSHOT_ROOTS or upload it"
    )


def content_hash(path: Path) -> str:
    """Hex SHA-256 of a file's bytes.

    Raises:
        BadAudio: ``missing``, or ``not_audio`` for a folder.
        Forbidden: ``unreadable``.
    """
    check_file(path)
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_file(path: Path) -> None:
    """Raises:
    BadAudio: ``missing``, or ``not_audio`` for a folder or a device.
    Forbidden: ``unreadable``.
    """
    if path.is_dir():
        raise BadAudio("not_audio", f"{path} is a folder; name the files in it")
    if not path.exists():
        raise BadAudio("missing", f"{path} does not exist (any more)")
    if not path.is_file():
        raise BadAudio("not_audio", f"{path} is not a regular file")
    try:
        path.open("rb").close()
    except PermissionError as error:
        raise Forbidden("unreadable", f"{path} may not be read by this user; change its permissions") from error


def _real(path: Path) -> Path:
    literal = path.resolve()
    return literal if literal.exists() else Path(unquote(str(path))).resolve()


def _is_below(uri: str, root: str) -> bool:
    """Same scheme and host, and a path below the root's, once escapes are decoded; chained URLs (``::``) never are."""
    one, other = urlsplit(uri), urlsplit(root)
    path, base = unquote(one.path), other.path.rstrip("/") + "/"
    is_plain = "::" not in uri and posixpath.normpath(path) == path
    return is_plain and (one.scheme, one.netloc) == (other.scheme, other.netloc) and path.startswith(base)
