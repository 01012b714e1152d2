"""The store's inbox: copies of users' files, so that processing does not depend on the original
path."""

import logging
import shutil
import time
from pathlib import Path
from uuid import uuid4

import fsspec

from earshot.analysis.errors import Forbidden
from earshot.analysis.printable import file_name, on_one_line
from earshot.audio.media_file import opened
from earshot.audio.sealing.files import sealing
from earshot.audio.store.growing import wait_until_settled
from earshot.audio.store.layout import check_space, local_path, store_errors
from earshot.audio.store.leftovers import stored

COPY_BYTES = 1 << 20

log = logging.getLogger(__name__)


def upload(path: Path, store_url: str, most_bytes: int | None = None) -> str:
    """Copies a file to ``<store>/inbox/<new id>/<file name>`` and returns that URI. Every upload is
    a separate copy, because its reader removes it. Characters of the name that messages cannot
    contain are replaced.

    Raises:
        BadAudio: ``missing``, or ``not_audio`` for a folder, a pipe or a device.
        Forbidden: ``unreadable``; ``too_large``, it has more than ``most_bytes``.
        Unavailable: ``disk_full`` or ``store_unavailable``; ``growing``, another program still
            writes the file.
    """
    wait_until_settled(path)
    name = file_name(path.name)
    uri = f"{store_url.rstrip('/')}/inbox/{uuid4()}/{name}"
    fs, target = fsspec.core.url_to_fs(uri.rpartition("/")[0])
    with opened(path) as file, store_errors(uri):
        if most_bytes is not None and file.size > most_bytes:
            size = (
                f"{path} has {file.size / 1e6:.0f} MB; EARSHOT_MAX_UPLOAD_MB allows"
                f" {most_bytes / 1e6:.0f}"
            )
            raise Forbidden(
                "too_large",
                f"{size}. Cut it, or put it below one of EARSHOT_ROOTS and enqueue it there",
            )
        check_space(store_url, file.size)  # a sparse file becomes as large as its stated size
        try:
            fs.makedirs(target, exist_ok=True)
            with (
                file.reader() as reader,
                fs.open(f"{target}/{name}", "wb") as copy,
                sealing(copy) as into,
            ):
                shutil.copyfileobj(reader, into, COPY_BYTES)
            file.check_unchanged()
        except BaseException:
            discard_upload(uri, store_url)
            raise
    return uri


def is_upload(uri: str, store_url: str) -> bool:
    """True if the URI is in the inbox."""
    inbox = f"{store_url.rstrip('/')}/inbox/"
    return uri.startswith(inbox) and not {"", ".", ".."} & set(uri.removeprefix(inbox).split("/"))


def is_gone(uri: str, store_url: str) -> bool:
    """True if this was an upload and no longer exists.

    Raises:
        Unavailable: ``store_unavailable``, also if a local store has no inbox: then it is not
            mounted.
    """
    if not is_upload(uri, store_url):
        return False
    fs, path = fsspec.core.url_to_fs(uri)
    inbox = local_path(f"{store_url.rstrip('/')}/inbox")
    with store_errors(uri, inbox):
        if inbox is not None:
            inbox.stat()
        return not fs.exists(path)


def is_young(uri: str, store_url: str, age_sec: float) -> bool:
    """True if the upload exists and was written within that time.

    Raises:
        Unavailable: ``store_unavailable``.
    """
    folder = uri.removeprefix(f"{store_url.rstrip('/')}/").rpartition("/")[0]
    return any(
        time.time() - each.modified_at < age_sec
        for each in stored(store_url, folder)
        if not each.path.endswith("/")
    )


def discard_upload(uri: str, store_url: str) -> None:
    """Removes an upload. Files outside the inbox are left alone, and errors of the store are
    logged, not raised: the request itself is complete by then."""
    inbox = f"{store_url.rstrip('/')}/inbox"
    if not is_upload(uri, store_url):
        return
    try:
        target, folder = local_path(uri), local_path(inbox)
        if target is None or folder is None:
            fs, path = fsspec.core.url_to_fs(uri)
            if fs.isfile(path):
                fs.rm_file(path)
        elif not target.is_dir() and target.parent.resolve().is_relative_to(folder.resolve()):
            target.unlink(missing_ok=True)
            if (
                target.parent != folder
                and target.parent.is_dir()
                and not any(target.parent.iterdir())
            ):
                target.parent.rmdir()
    except Exception as error:  # noqa: BLE001  # each store has errors of its own
        log.warning("the upload %s stays: %s", on_one_line(uri), on_one_line(str(error)))
