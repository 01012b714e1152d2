"""Opens the URI of a recording as a local file, restricted to the roots that the operator
allows."""

import hashlib
import os
import posixpath
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

import fsspec

from earshot.analysis.errors import Forbidden, Unavailable
from earshot.analysis.urls import shown
from earshot.audio.media_file import MediaFile, Source, opened
from earshot.audio.sealing.files import sealing
from earshot.audio.store.growing import check_settled
from earshot.audio.store.inbox import is_upload
from earshot.audio.store.layout import local_path, store_errors
from earshot.audio.store.scratch import temporary
from earshot.net.addresses import PORTS

COPY_BYTES = 1 << 20


@contextmanager
def open_source(
    uri: str, roots: Sequence[str], store_url: str, internal_hosts: Sequence[str] = ()
) -> Iterator[MediaFile]:
    """The bytes of ``uri``, open: the file itself, or a temporary copy of a remote object.

    Args:
        internal_hosts: ``host:port`` of web servers that may be read although their addresses are
            internal.

    Raises:
        Forbidden: ``outside_roots``, ``unreadable``, or what ``earshot.audio.store.fetch`` says of
            a web server.
        BadAudio: ``missing``, or ``not_audio`` for a folder, a pipe or a device.
        Unavailable: the remote store does not answer, or the disk is full; ``growing``, another
            program still writes the file.
    """
    confined = confine(uri, roots, store_url)
    path = local_path(confined)
    if path is not None:
        _check_mounted(path, roots, store_url)
        with opened(path) as file:
            _check_still_there(path, file)
            if _in_inbox(path, store_url):  # files there were complete when they were enqueued
                yield file.unsealed()
            else:
                check_settled(file)
                yield file
        return
    with temporary(PurePosixPath(urlsplit(confined).path).suffix) as copy:
        if urlsplit(confined).scheme in PORTS:
            from earshot.audio.store.fetch import fetch  # the HTTP client, which few machines need

            with sealing(copy) as into:
                fetch(confined, into, lambda url: confine(url, roots, store_url), internal_hosts)
        else:
            # what lies in the store is sealed already, if at all
            whole = nullcontext(copy) if is_upload(confined, store_url) else sealing(copy)
            with store_errors(confined), fsspec.open(confined, "rb") as remote, whole as into:
                shutil.copyfileobj(remote, into, COPY_BYTES)
        copy.flush()
        with opened(Path(copy.name)) as file:
            yield file.unsealed()


def confine(uri: str, roots: Sequence[str], store_url: str) -> str:
    """Returns ``uri`` in canonical spelling, links and ``..`` resolved, if it lies below a root or
    in the store's inbox.

    A plain path means ``file://``; percent-escapes in a ``file://`` URI are decoded if no file has
    the literal name.

    Raises:
        Forbidden: ``outside_roots``.
    """
    allowed = _allowed(roots, store_url)
    path = local_path(uri)
    if path is not None:
        real = _real(path)
        folders = (local_path(root) for root in allowed)
        if any(real.is_relative_to(folder.resolve()) for folder in folders if folder is not None):
            return f"file://{real}"
    elif any(_is_below(uri, root) for root in allowed if local_path(root) is None):
        return uri
    raise Forbidden(
        "outside_roots",
        f"{shown(uri)} is outside the folders that may be read; add its folder to EARSHOT_ROOTS or"
        " upload it",
    )


def resolved(uri: str) -> str:
    """A local URI with links, ``..`` and escapes resolved, as by ``confine``; others unchanged."""
    path = local_path(uri)
    return uri if path is None else f"file://{_real(path)}"


def check_offered(uri: str, roots: Sequence[str], store_url: str) -> None:
    """Checks that another program may name this URI: below a root, and outside the store, which
    holds what other tenants sent.

    Raises:
        Forbidden: ``outside_roots``.
    """
    found = confine(uri, roots, store_url)
    path, store = local_path(found), local_path(store_url)
    if path is not None and store is not None:
        inside = path.is_relative_to(store.resolve())
    else:
        inside = path is None and store is None and _is_below(found, store_url)
    if inside:
        raise Forbidden(
            "outside_roots", f"{shown(uri)} is in the audio store; upload the file instead"
        )


def _allowed(roots: Sequence[str], store_url: str) -> tuple[str, ...]:
    return (*roots, f"{store_url.rstrip('/')}/inbox")


def _check_mounted(path: Path, roots: Sequence[str], store_url: str) -> None:
    """Checks that the folder of a file exists: only then the file itself is missing.

    Raises:
        Unavailable: ``source_unavailable``.
    """
    for root in _allowed(roots, store_url):
        folder = local_path(root)
        if folder is not None and path.is_relative_to(folder.resolve()) and not folder.exists():
            raise Unavailable(
                "source_unavailable", f"{folder} is not there; mount it, or put it back"
            )


def content_hash(source: Source) -> str:
    """Hex SHA-256 of a file's bytes.

    Raises:
        BadAudio: ``missing``, or ``not_audio`` for a folder, a pipe or a device.
        Forbidden: ``unreadable``.
    """
    with opened(source) as file, file.reader() as reader:
        return hashlib.file_digest(reader, "sha256").hexdigest()


def _check_still_there(path: Path, file: MediaFile) -> None:
    """Checks that a link placed in the path after it was resolved does not lead out of the roots.

    Raises:
        Forbidden: ``outside_roots``.
    """
    try:
        there = (
            Path(os.readlink(f"/proc/self/fd/{file.descriptor}")) == path
        )  # the opened file, regardless of the path now
    except OSError:  # a system without /proc
        status = path.stat(follow_symlinks=False)
        there = path.resolve() == path and (status.st_dev, status.st_ino) == file.identity
    if not there:
        raise Forbidden("outside_roots", f"{path} was put elsewhere while it was opened")


def _in_inbox(path: Path, store_url: str) -> bool:
    inbox = local_path(f"{store_url.rstrip('/')}/inbox")
    return inbox is not None and path.is_relative_to(inbox.resolve())


def _real(path: Path) -> Path:
    literal = os.path.realpath(path)  # pathlib raises at links in a circle
    return Path(literal if os.path.exists(literal) else os.path.realpath(unquote(str(path))))


def _is_below(uri: str, root: str) -> bool:
    """True for the same scheme and host, and a path below the root's once escapes are decoded;
    never for chained URLs (``::``). A host may contain ``::`` between its brackets: an IPv6
    address."""
    one, other = urlsplit(uri), urlsplit(root)
    path, base = unquote(one.path), other.path.rstrip("/") + "/"
    is_plain = "::" not in uri.replace(one.netloc, "", 1) and posixpath.normpath(path) == path
    return (
        is_plain
        and (one.scheme, one.netloc) == (other.scheme, other.netloc)
        and path.startswith(base)
    )
