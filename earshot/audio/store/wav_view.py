"""The stored audio of a recording as a WAV file that can be read from any byte, without writing
one: a header of 44 bytes before the PCM16 of the store."""

import struct
from typing import NamedTuple

import fsspec

from earshot.audio.sealing.files import stored_size
from earshot.audio.sealing.objects import object_size
from earshot.audio.store import whole
from earshot.audio.store.layout import local_path, store_errors
from earshot.audio.store.pcm import SAMPLE_BYTES
from earshot.audio.store.whole import folder_of_all

HEADER_BYTES = 44
UNKNOWN = 2**32 - 1
"""Length in the header of a file of more than 4 GiB: readers take it for up to the end."""


class WavView(NamedTuple):
    """A WAV file of constant rate."""

    uri: str
    """Of the PCM."""
    sample_rate: int
    channels: int
    pcm_bytes: int

    @property
    def size(self) -> int:
        """Bytes of the whole file."""
        return HEADER_BYTES + self.pcm_bytes

    def read(self, start: int, end: int) -> bytes:
        """Bytes of ``[start, end)``, as far as there are any.

        Raises:
            BadAudio: ``missing``, the audio is gone.
            Unavailable: the store does not answer.
        """
        head = self._header()[start:end]
        first, last = max(0, start - HEADER_BYTES), max(0, min(end, self.size) - HEADER_BYTES)
        return head + (whole.read(self.uri, first, last) if last > first else b"")

    def _header(self) -> bytes:
        width = SAMPLE_BYTES * self.channels
        return struct.pack(
            "<4sI4s4sIHHIIHH4sI",
            b"RIFF",
            min(HEADER_BYTES - 8 + self.pcm_bytes, UNKNOWN),
            b"WAVE",
            b"fmt ",
            16,
            1,
            self.channels,
            self.sample_rate,
            self.sample_rate * width,
            width,
            8 * SAMPLE_BYTES,
            b"data",
            min(self.pcm_bytes, UNKNOWN),
        )


def wav_view(uri: str, sample_rate: int, channels: int) -> WavView:
    """The view of stored PCM with this many interleaved channels.

    Raises:
        BadAudio: ``missing``, the audio is gone.
        Unavailable: the store does not answer.
    """
    path = local_path(uri)
    with store_errors(uri, folder_of_all(path)):
        if path is not None:
            return WavView(uri, sample_rate, channels, stored_size(path))
        fs, name = fsspec.core.url_to_fs(uri)
        return WavView(uri, sample_rate, channels, object_size(fs, name))
