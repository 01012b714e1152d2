"""The audio store: decoded recordings as raw PCM16 below one fsspec URL, read by time.

Layout: ``<store>/recordings/<recording_id>/<rate>.pcm``, interleaved little-endian PCM16 without a
header, one object per recording and sample rate; ``<store>/inbox/`` holds uploads (see
``earshot.audio.store.inbox``).
"""

import errno
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedIOBase, BytesIO
from pathlib import Path
from uuid import UUID

import fsspec
import numpy as np
from numpy.typing import NDArray

from earshot.analysis.errors import BadAudio, Forbidden, Unavailable, one_line

SAMPLE_BYTES = 2
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
FULL_SCALE = 32_768
"""PCM16 value of 1.0; the positive end clips one step below."""
REMOVALS = 100
"""Attempts to remove a folder that other processes remove too; each attempt finds fewer files."""
PIECE = 16_384
"""Frames read and converted at once: they fit into the processor's cache, and a chunk takes no more
memory than its samples. A map of the file is slower because of its page faults."""


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
        is_own = re.fullmatch(rf"{re.escape(folder)}/[0-9]+\.pcm", uri) is not None
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


def read_pcm(
    uri: str,
    sample_rate: int,
    channels: int,
    start_ms: int,
    end_ms: int,
    channel: int | None = None,
) -> NDArray[np.float32]:
    """Samples of ``[start_ms, end_ms)`` as float32 in [-1, 1], shape (channels, samples); times
    past the end are clipped.

    Args:
        channels: number of channels of the object.
        channel: the only one to return, shape (1, samples); all of them by default.
    Raises:
        BadAudio: ``missing``, the object is gone.
        Unavailable: the store does not answer.
    """
    first, last = (max(0, at_ms) * sample_rate // 1000 for at_ms in (start_ms, end_ms))
    wanted = slice(None) if channel is None else slice(channel, channel + 1)
    path, width = local_path(uri), SAMPLE_BYTES * channels
    kept = path.parent.parent if path is not None else None  # of all recordings
    opened = _opened(path, first * width) if path is not None else _fetched(uri, first, last, width)
    with store_errors(uri, kept), opened as found:
        file, size = found
        count = max(min(last - first, size // width), 0)
        samples = np.empty((channels if channel is None else 1, count), np.float32)
        frames = np.empty((min(count, PIECE), channels), "<i2")
        for start in range(0, count, PIECE):
            piece = frames[: count - start]
            file.readinto(piece.data)
            np.multiply(
                piece[:, wanted].T,
                np.float32(1 / FULL_SCALE),
                out=samples[:, start : start + PIECE],
            )
    return samples


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
        )
    if disk.free < size:
        missing = f"{needed}, {disk.free / 1e6:.0f} MB are free"
        raise Unavailable(
            "disk_full", f"No space left: {missing}; free some, the work is then retried"
        )


def delete_recording(store_url: str, recording_id: UUID) -> tuple[int, int]:
    """Removes all stored audio of a recording, and returns the number of files and bytes; missing
    files, and other processes removing them at the same time, are no error.

    Raises:
        Unavailable: the store does not answer, or does not allow it.
    """
    fs, path = fsspec.core.url_to_fs(recording_url(store_url, recording_id))
    with store_errors(path):
        for _ in range(REMOVALS):
            fs.invalidate_cache()
            if not fs.exists(path):
                return 0, 0
            try:
                found = fs.find(path, detail=True)
                fs.rm(path, recursive=True)
            except (
                FileNotFoundError
            ):  # another process was faster; its remains are removed all the same
                continue
            return len(found), sum(int(facts["size"]) for facts in found.values())
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
    reason = one_line(error)
    return Unavailable(
        "store_unavailable",
        f"Cannot use {what} ({reason}); check that the store is up and writable",
    )


def _is_of_a_client(error: Exception) -> bool:
    """True if a store's client raised it: the errors of botocore and aiohttp, among others, are no
    ``OSError``."""
    return type(error).__module__.partition(".")[0] in CLIENTS


@contextmanager
def _opened(path: Path, start: int) -> Iterator[tuple[BufferedIOBase, int]]:
    """The file positioned at a byte, and the number of bytes that follow."""
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        file.seek(start)
        yield file, size - start


@contextmanager
def _fetched(uri: str, first: int, last: int, width: int) -> Iterator[tuple[BufferedIOBase, int]]:
    """The same for a remote object, of which only these frames of ``width`` bytes each are
    fetched."""
    fs, path = fsspec.core.url_to_fs(uri)
    size = int(fs.size(path) or 0)
    start, end = (min(frame * width, size) for frame in (first, last))
    data = fs.cat_file(path, start=start, end=end) if end > start else b""
    yield BytesIO(data), len(data)
