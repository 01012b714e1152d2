"""Writes one PCM object of the audio store atomically."""

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import fsspec
import numpy as np
from numpy.typing import NDArray

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

    def __enter__(self) -> Self:
        with store_errors(self.uri):
            self._file = self._open()
        return self

    def write(self, block: NDArray[np.float32]) -> None:
        """Appends a block, shape (channels, samples); values beyond [-1, 1) are clipped."""
        scaled = np.clip(np.rint(block.T * FULL_SCALE), -FULL_SCALE, FULL_SCALE - 1)
        with store_errors(self.uri):
            self._file.write(scaled.astype("<i2").tobytes())

    def read(self, channel: int, start: int, end: int) -> NDArray[np.float32]:
        """Samples of one channel of the written audio, from frame ``start`` to ``end`` or the last
        one; shape (samples,)."""
        frame_bytes = self.channels * SAMPLE_BYTES
        with store_errors(self.uri):
            self._file.flush()
            with Path(self._file.name).open("rb") as source:
                source.seek(start * frame_bytes)
                data = source.read((end - start) * frame_bytes)
        samples = np.frombuffer(data, dtype="<i2").reshape(-1, self.channels)[:, channel]
        return samples.astype(np.float32) / np.float32(FULL_SCALE)

    def blocks(self, frames: int) -> Iterator[NDArray[np.int16]]:
        """The written audio, so many frames at a time; shape (frames, channels)."""
        frame_bytes = self.channels * SAMPLE_BYTES
        with store_errors(self.uri):
            self._file.flush()
            with Path(self._file.name).open("rb") as source:
                while data := source.read(frames * frame_bytes):
                    yield np.frombuffer(data, dtype="<i2").reshape(-1, self.channels)

    def silence(self, channel: int, start: int, end: int) -> None:
        """Overwrites one channel of the written audio with zeros, from frame ``start`` to ``end``
        or the last one."""
        frame_bytes = self.channels * SAMPLE_BYTES
        with store_errors(self.uri):
            self._file.flush()
            with Path(self._file.name).open("r+b") as file:
                file.seek(start * frame_bytes)
                frames = (
                    np.frombuffer(file.read((end - start) * frame_bytes), dtype="<i2")
                    .reshape(-1, self.channels)
                    .copy()
                )
                frames[:, channel] = 0
                file.seek(start * frame_bytes)
                file.write(frames.tobytes())

    def keep_channel(self, channel: int) -> None:
        """Drops all other channels of the written audio, in place and in bounded memory."""
        frame_bytes = self.channels * SAMPLE_BYTES
        with store_errors(self.uri):
            self._file.flush()
            with Path(self._file.name).open("r+b") as source:
                written = 0
                while data := source.read(COPY_FRAMES * frame_bytes):
                    position = source.tell()
                    kept = (
                        np.frombuffer(data, dtype="<i2")
                        .reshape(-1, self.channels)[:, channel]
                        .tobytes()
                    )
                    source.seek(written)
                    written += source.write(kept)
                    source.seek(position)
                source.truncate(written)
        self.channels = 1

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
            Path(self._file.name).unlink(missing_ok=True)
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

    def _open(self) -> IO[bytes]:
        if self._target is None:
            return scratch()
        self._target.parent.mkdir(parents=True, exist_ok=True)
        return self._target.with_name(f".writing-{self._target.name}").open("wb")

    def _publish(self) -> None:
        if self._target is not None:
            Path(self._file.name).replace(self._target)
        else:
            fs, path = fsspec.core.url_to_fs(self.uri)
            fs.put_file(self._file.name, path)
        self._published = True

    def _remove_empty_folder(self) -> None:
        if (
            self._target is not None
            and self._target.parent.is_dir()
            and not any(self._target.parent.iterdir())
        ):
            self._target.parent.rmdir()
