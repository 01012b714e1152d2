"""Writes one PCM object of the audio store atomically."""

import io
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import fsspec
import numpy as np
from numpy.typing import NDArray

from earshot.audio.sealing.files import create_stored
from earshot.audio.store.layout import local_path, store_errors
from earshot.audio.store.pcm import FULL_SCALE, SAMPLE_BYTES
from earshot.audio.store.scratch import scratch

COPY_FRAMES = 1 << 20
"""Frames a pass over written audio holds at once: 2 MB a channel."""


class PcmWriter:
    """A context manager: ``write()`` blocks, then leaving without an error publishes the object; an
    error leaves nothing.

    Blocks go to a file beside the target (local store, so that the final rename is atomic) or in
    the temporary directory (remote store, uploaded at once; object stores show an upload only when
    it is complete). Beside the target its name is always the same: the file of a killed process is
    overwritten by the next try, and deleted with the recording.

    Raises:
        Unavailable: ``disk_full`` or ``store_unavailable``.
    """

    def __init__(self, uri: str, channels: int) -> None:
        self.uri = uri
        self.channels = channels
        self._target = local_path(uri)
        self._published = False
        self._held: IO[bytes] | None = None
        """Keeps the temporary file of a remote object from being swept."""

    def __enter__(self) -> Self:
        with store_errors(self.uri):
            self._path = self._new_path()
            self._file = create_stored(self._path)
        return self

    def write(self, block: NDArray[np.float32]) -> None:
        """Appends a block, shape (channels, samples); values beyond [-1, 1) are clipped."""
        scaled = np.clip(np.rint(block.T * FULL_SCALE), -FULL_SCALE, FULL_SCALE - 1)
        with store_errors(self.uri):
            self._file.write(scaled.astype("<i2").tobytes())

    def read(self, channel: int, start: int, end: int) -> NDArray[np.float32]:
        """Samples of one channel of the written audio, from frame ``start`` to ``end`` or the last
        one; shape (samples,)."""
        with store_errors(self.uri):
            samples = self._frames(start, end - start)[:, channel]
            self._file.seek(0, io.SEEK_END)
        return samples.astype(np.float32) / np.float32(FULL_SCALE)

    def blocks(self, frames: int) -> Iterator[NDArray[np.int16]]:
        """The written audio, so many frames at a time; shape (frames, channels)."""
        start = 0
        with store_errors(self.uri):
            try:
                while len(found := self._frames(start, frames)):
                    start += len(found)
                    yield found
            finally:
                self._file.seek(0, io.SEEK_END)

    def silence(self, channel: int, start: int, end: int) -> None:
        """Overwrites one channel of the written audio with zeros, from frame ``start`` to ``end``
        or the last one."""
        with store_errors(self.uri):
            frames = self._frames(start, end - start).copy()
            frames[:, channel] = 0
            self._file.seek(start * self.channels * SAMPLE_BYTES)
            self._file.write(frames.tobytes())
            self._file.seek(0, io.SEEK_END)

    def keep_channel(self, channel: int) -> None:
        """Drops all other channels of the written audio, in place and in bounded memory."""
        with store_errors(self.uri):
            start = written = 0
            while len(found := self._frames(start, COPY_FRAMES)):
                start += len(found)
                self._file.seek(written)
                written += self._file.write(found[:, channel].tobytes())
            self._file.truncate(written)
            self._file.seek(0, io.SEEK_END)
        self.channels = 1

    def _frames(self, start: int, count: int) -> NDArray[np.int16]:
        """Written frames, as far as there are any; shape (frames, channels)."""
        width = self.channels * SAMPLE_BYTES
        self._file.seek(start * width)
        return np.frombuffer(self._file.read(count * width), "<i2").reshape(-1, self.channels)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            with store_errors(self.uri):
                self._file.close()
                if kind is None:
                    self._publish()
        finally:
            self._path.unlink(missing_ok=True)
            if self._held is not None:
                self._held.close()
            self._remove_empty_folder()

    def withdraw(self) -> None:
        """Removes a published object, if a sibling could not be written."""
        if not self._published:
            return
        with store_errors(self.uri):
            if self._target is not None:
                self._target.unlink(missing_ok=True)
                self._remove_empty_folder()
            else:
                fs, path = fsspec.core.url_to_fs(self.uri)
                fs.rm(path)

    def _new_path(self) -> Path:
        if self._target is None:
            self._held = scratch()
            return Path(self._held.name)
        self._target.parent.mkdir(parents=True, exist_ok=True)
        return self._target.with_name(f".writing-{self._target.name}")

    def _publish(self) -> None:
        if self._target is not None:
            self._path.replace(self._target)
        else:
            fs, path = fsspec.core.url_to_fs(self.uri)
            fs.put_file(str(self._path), path)
        self._published = True

    def _remove_empty_folder(self) -> None:
        if (
            self._target is not None
            and self._target.parent.is_dir()
            and not any(self._target.parent.iterdir())
        ):
            self._target.parent.rmdir()
