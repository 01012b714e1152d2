"""The audio store: decoded recordings as raw PCM16 below one fsspec URL, read by time.

Layout: ``<store>/recordings/<recording_id>/<rate>.pcm``, interleaved little-endian PCM16 without a header, one object per
recording and sample rate; ``<store>/inbox/`` holds uploads (see ``audio.inbox``).
"""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import fsspec
import numpy as np
from numpy.typing import NDArray

from analysis.errors import BadAudio, Unavailable

SAMPLE_BYTES = 2
FULL_SCALE = 32_768
"""PCM16 value of 1.0; the positive end clips one step below."""


def recording_url(store_url: str, recording_id: UUID) -> str:
    return f"{store_url.rstrip('/')}/recordings/{recording_id}"


def pcm_uri(store_url: str, recording_id: UUID, sample_rate: int) -> str:
    return f"{recording_url(store_url, recording_id)}/{sample_rate}.pcm"


def local_path(url: str) -> Path | None:
    """The path that a ``file://`` URL or a plain path names; None for a remote URL. No percent-decoding, as in fsspec."""
    if "://" not in url:
        return Path(url)
    return Path(url.removeprefix("file://")) if url.startswith("file://") else None


def read_pcm(
    uri: str, sample_rate: int, channels: int, start_ms: int, end_ms: int, channel: int | None = None
) -> NDArray[np.float32]:
    """Samples of ``[start_ms, end_ms)`` as float32 in [-1, 1], shape (channels, samples); times past the end are clipped.

    Args:
        channels: how many the object holds.
        channel: the only one to give back, shape (1, samples); all of them unless given.

    Raises:
        BadAudio: ``missing``, the object is gone.
        Unavailable: the store does not answer.
    """
    first = max(0, start_ms) * sample_rate // 1000 * channels
    last = max(0, end_ms) * sample_rate // 1000 * channels
    path = local_path(uri)
    with store_errors(uri):
        samples = _mapped(path, first, last) if path is not None else _ranged(uri, first, last)
    frames = samples[: len(samples) // channels * channels].reshape(-1, channels)
    wanted = frames if channel is None else frames[:, channel : channel + 1]
    return wanted.T.astype(np.float32, order="C") / np.float32(FULL_SCALE)


def delete_recording(store_url: str, recording_id: UUID) -> None:
    """Removes all stored audio of a recording; nothing to remove is fine."""
    fs, path = fsspec.core.url_to_fs(recording_url(store_url, recording_id))
    with store_errors(path):
        if fs.exists(path):
            fs.rm(path, recursive=True)


@contextmanager
def store_errors(what: str) -> Iterator[None]:
    """Turns the operating system's errors into the project's, in words that say what to do about ``what``."""
    try:
        yield
    except FileNotFoundError as error:
        raise BadAudio("missing", f"{what} does not exist (any more); ingest the recording again") from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise Unavailable("disk_full", f"No space left to write {what}; free some, the work is then retried") from error
        raise Unavailable(
            "store_unavailable", f"Cannot use {what} ({error}); check that the store is up and writable"
        ) from error


def _mapped(path: Path, first: int, last: int) -> NDArray[np.int16]:
    """Only what is asked for, and only until it is converted: what was touched of an open map counts as memory in use."""
    size = path.stat().st_size // SAMPLE_BYTES
    first, last = min(first, size), min(last, size)
    if last <= first:
        return np.zeros(0, dtype="<i2")
    return np.memmap(path, dtype="<i2", mode="r", offset=first * SAMPLE_BYTES, shape=(last - first,))


def _ranged(uri: str, first: int, last: int) -> NDArray[np.int16]:
    fs, path = fsspec.core.url_to_fs(uri)
    size = int(fs.size(path) or 0)
    start, end = (min(sample * SAMPLE_BYTES, size) for sample in (first, last))
    data = fs.cat_file(path, start=start, end=end) if end > start else b""
    return np.frombuffer(data[: len(data) // SAMPLE_BYTES * SAMPLE_BYTES], dtype="<i2")
