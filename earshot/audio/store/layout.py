"""Layout of the audio store below one fsspec URL, and what goes wrong with stores.

Layout: ``<store>/recordings/<recording_id>/<rate>.pcm``, interleaved little-endian PCM16 without a
header, one object per recording and sample rate, with ``peaks-<zoom>.dat`` beside them (see
``earshot.audio.store.peaks``); ``<store>/inbox/`` holds uploads (see
``earshot.audio.store.inbox``).
"""

import errno
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import UUID

import fsspec

from earshot.analysis.errors import BadAudio, Forbidden, Unavailable, one_line

CLIENTS = frozenset(
    {
        "aiobotocore",
        "botocore",
        "s3fs",
        "gcsfs",
        "google",
        "adlfs",
        "azure",
        "aiohttp",
        "paramiko",
        "ftplib",
        "fsspec",
    }
)
"""Packages through which fsspec talks to remote stores."""
REMOVALS = 100
"""Attempts to remove a folder that other processes remove too; each attempt finds fewer files."""


def recording_url(store_url: str, recording_id: UUID) -> str:
    return f"{store_url.rstrip('/')}/recordings/{recording_id}"


def pcm_uri(store_url: str, recording_id: UUID, sample_rate: int) -> str:
    return f"{recording_url(store_url, recording_id)}/{sample_rate}.pcm"


def check_own(uri: str, store_url: str, recording_id: UUID) -> None:
    """Checks that the URI is in the store's folder of that recording.

    Raises:
        Forbidden: ``foreign_audio``.
    """
    folder = recording_url(store_url, recording_id)
    path, own = local_path(uri), local_path(folder)
    if path is not None and own is not None:
        is_own = Path(os.path.realpath(path)).parent == Path(os.path.realpath(own))
    else:
        of_remote = rf"{re.escape(folder)}/[0-9]+\.(pcm|transcript\.json)"
        is_own = re.fullmatch(of_remote, uri) is not None
    if not is_own:
        raise Forbidden(
            "foreign_audio",
            f"{uri} is not in {folder}, where recording {recording_id} is stored; give all workers"
            " one EARSHOT_AUDIO_STORE",
        )


def local_path(url: str) -> Path | None:
    """The path of a ``file://`` URL or a plain path; None for a remote URL. No percent-decoding, as
    in fsspec."""
    if "://" not in url:
        return Path(url)
    return Path(url.removeprefix("file://")) if url.startswith("file://") else None


def check_space(store_url: str, size: int) -> None:
    """Checks for free space. Remote stores are written through a temporary file on the local disk;
    their own space is unknown.

    Raises:
        Unavailable: ``disk_full``, there is less free space than ``size`` bytes.
        Forbidden: ``too_large``, the disk would be too small even when empty.
    """
    folder = (local_path(store_url) or Path(tempfile.gettempdir())).absolute()
    with store_errors(store_url):
        disk = shutil.disk_usage(next(each for each in (folder, *folder.parents) if each.exists()))
    needed = f"{size / 1e6:.0f} MB are needed below {folder}"
    if disk.total < size:
        raise Forbidden(
            "too_large",
            f"{needed}, whose disk has {disk.total / 1e6:.0f} MB; cut it, or give the store a"
            " larger one",
            limit_bytes=disk.total,
        )
    if disk.free < size:
        missing = f"{needed}, {disk.free / 1e6:.0f} MB are free"
        raise Unavailable(
            "disk_full",
            f"No space left: {missing}; free some, the work is then retried",
            limit_bytes=size,
            free_bytes=disk.free,
        )


def delete_recording(store_url: str, recording_id: UUID) -> tuple[int, int]:
    """Removes all stored audio of a recording, and returns the number of files and bytes that this
    call removed; missing files, and other processes removing them at the same time, are no error.

    Raises:
        Unavailable: the store does not answer, or does not allow it.
    """
    fs, path = fsspec.core.url_to_fs(recording_url(store_url, recording_id))
    files = size = 0
    with store_errors(path):
        for _ in range(REMOVALS):
            fs.invalidate_cache()
            if not fs.exists(path):
                return files, size
            for name, facts in fs.find(path, detail=True).items():
                with suppress(FileNotFoundError):  # another process removed it
                    fs.rm_file(name)
                    files, size = files + 1, size + int(facts["size"])
            with suppress(FileNotFoundError):
                fs.rm(path, recursive=True)  # the folder
    raise Unavailable(
        "store_unavailable", f"{path} is not removed: what is in it goes and comes; check the store"
    )


@contextmanager
def store_errors(what: str, folder: Path | None = None) -> Iterator[None]:
    """Converts errors of the operating system and of clients of remote stores into ours, with
    advice about ``what``.

    Args:
        folder: the local one that exists whenever the store does, if ``what`` may be missing.
    """
    try:
        yield
    except FileNotFoundError as error:
        if folder is not None and not folder.is_dir():
            raise Unavailable(
                "store_unavailable", f"{folder} is not there; mount it, or put it back"
            ) from error
        raise BadAudio(
            "missing", f"{what} does not exist (any more); ingest the recording again"
        ) from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise Unavailable("disk_full", f"No space left to write {what}; free some") from error
        raise _unavailable(what, error) from error
    except Exception as error:
        if not _is_of_a_client(error):
            raise
        raise _unavailable(what, error) from error


def _unavailable(what: str, error: Exception) -> Unavailable:
    return Unavailable(
        "store_unavailable",
        f"Cannot use {what} ({one_line(error)}); check that the store is up and writable",
    )


def _is_of_a_client(error: Exception) -> bool:
    """True if a store's client raised it: the errors of botocore and aiohttp, among others, are no
    ``OSError``."""
    return type(error).__module__.partition(".")[0] in CLIENTS
