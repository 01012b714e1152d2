"""Reads decoded recordings, raw PCM16 in the store, by time."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import fsspec
import numpy as np
from numpy.typing import NDArray

from earshot.audio.sealing.files import open_stored
from earshot.audio.sealing.objects import object_size, read_object
from earshot.audio.store.layout import local_path, store_errors

SAMPLE_BYTES = 2
FULL_SCALE = 32_768
"""PCM16 value of 1.0; the positive end clips one step below."""
PIECE = 16_384
"""Frames read and converted at once: they fit into the processor's cache, and a chunk takes no more
memory than its samples. A map of the file is slower because of its page faults."""


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
        Permanent: ``sound_damaged``.
        Unavailable: the store does not answer; ``sound_key``.
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


@contextmanager
def _opened(path: Path, start: int) -> Iterator[tuple[io.BufferedIOBase, int]]:
    """The file positioned at a byte, and the number of bytes that follow."""
    with open_stored(path) as file:
        size = file.seek(0, io.SEEK_END)
        file.seek(start)
        yield file, size - start


@contextmanager
def _fetched(
    uri: str, first: int, last: int, width: int
) -> Iterator[tuple[io.BufferedIOBase, int]]:
    """The same for a remote object, of which only these frames of ``width`` bytes each are
    fetched."""
    fs, path = fsspec.core.url_to_fs(uri)
    size = object_size(fs, path)
    start, end = (min(frame * width, size) for frame in (first, last))
    data = read_object(fs, path, start, end) if end > start else b""
    yield io.BytesIO(data), len(data)
