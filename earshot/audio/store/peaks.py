"""Peaks of the stored audio, for drawing it: the lowest and the highest sample of each pixel and
channel, at three zooms.

They lie beside the audio as ``peaks-<zoom>.dat``, in the binary format of audiowaveform, version 2
with 8 bits: a header of 24 bytes, then int8 pairs, the channels of a pixel side by side
(https://github.com/bbc/audiowaveform/blob/master/doc/DataFormat.md). An hour of one channel has
0.4 MB of them, 0.4 % of its PCM at 16 kHz.
"""

import struct
from collections.abc import Iterable, Iterator
from typing import NamedTuple
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from earshot.audio.store import whole
from earshot.audio.store.layout import recording_url
from earshot.audio.store.pcm import SAMPLE_BYTES
from earshot.audio.store.wav_view import wav_view

RATE = 16_000
"""Sample rate of the audio that they are made from, which every recording has."""
FINE = RATE // 50
"""Samples of the narrowest pixel: 20 ms."""
ZOOMS = (0, 1, 2)
"""At most ``WHOLE`` pixels for the whole recording; 100 ms a pixel; 20 ms a pixel."""
MIDDLE = 5
"""Narrowest pixels in one of 100 ms."""
WHOLE = 2000
BLOCK = FINE * 512
"""Frames that are read at once."""
PAIR = 2
_HEADER = struct.Struct("<iIiiIi")
_VERSION, _EIGHT_BITS = 2, 1

Pairs = NDArray[np.int8]
"""Shape (pixels, channels, 2)."""


class Peaks(NamedTuple):
    """Peaks of a part of a recording."""

    samples_per_pixel: int
    """At ``RATE``; a whole number of milliseconds."""
    first: int
    """Number of the first pixel."""
    pairs: Pairs

    @property
    def start_ms(self) -> int:
        return self.first * self.samples_per_pixel * 1000 // RATE


class Scale(NamedTuple):
    """What the header of one zoom says."""

    samples_per_pixel: int
    pixels: int
    channels: int


def measure(blocks: Iterable[NDArray[np.int16]]) -> Pairs:
    """Peaks of 20 ms of PCM16 at ``RATE``.

    Args:
        blocks: shape (frames, channels); all but the last with whole pixels.
    """
    found = [_pairs(each) for each in blocks if len(each)]
    return np.concatenate(found) if found else np.zeros((0, 1, PAIR), np.int8)


def _pairs(block: NDArray[np.int16]) -> Pairs:
    """From 16 bits to 8 outwards: what is not silent has a pixel that is not 0."""
    missing = -len(block) % FINE
    whole_pixels = np.pad(block, ((0, missing), (0, 0)), mode="edge") if missing else block
    rows = np.ascontiguousarray(whole_pixels.T).reshape(block.shape[1], -1, FINE)
    lowest = rows.min(axis=2) >> 8
    highest = np.minimum(-(-rows.max(axis=2).astype(np.int32) >> 8), 127)
    return np.stack((lowest.T, highest.T), axis=2).astype(np.int8)


def widened(pairs: Pairs, times: int) -> Pairs:
    """The same with ``times`` pixels in one; the last one may have fewer."""
    starts = np.arange(0, len(pairs), times)
    if not len(starts):
        return pairs
    lowest = np.minimum.reduceat(pairs[..., 0], starts)
    return np.stack((lowest, np.maximum.reduceat(pairs[..., 1], starts)), axis=2)


def put(store_url: str, recording_id: UUID, fine: Pairs, *, new_folder: bool = True) -> None:
    """Writes all zooms beside the audio of the recording.

    Args:
        fine: as ``measure`` returns them.
        new_folder: False: only if the recording has a folder.

    Raises:
        BadAudio: ``missing``, there is no such folder.
        Unavailable: the store does not answer, or its disk is full.
    """
    times = (max(1, -(-len(fine) // WHOLE)), MIDDLE, 1)
    for zoom, each in zip(ZOOMS, times, strict=True):
        pairs = widened(fine, each)
        head = _HEADER.pack(_VERSION, _EIGHT_BITS, RATE, FINE * each, len(pairs), pairs.shape[1])
        url = _url(store_url, recording_id, zoom)
        whole.put(url, head + pairs.tobytes(), new_folder=new_folder)


def scale(store_url: str, recording_id: UUID, zoom: int) -> Scale:
    """The scale of a zoom.

    Raises:
        BadAudio: ``missing``, there are no peaks (yet).
        Unavailable: the store does not answer.
    """
    head = whole.read(_url(store_url, recording_id, zoom), 0, _HEADER.size)
    _, _, _, samples_per_pixel, pixels, channels = _HEADER.unpack(head)
    return Scale(samples_per_pixel, pixels, channels)


def get(store_url: str, recording_id: UUID, zoom: int, found: Scale, first: int, end: int) -> Peaks:
    """Pixels of ``[first, end)``.

    Raises: as ``scale``.
    """
    width = found.channels * PAIR
    url = _url(store_url, recording_id, zoom)
    data = whole.read(url, _HEADER.size + first * width, _HEADER.size + end * width)
    pairs = np.frombuffer(data, np.int8).reshape(-1, found.channels, PAIR)
    return Peaks(found.samples_per_pixel, first, pairs)


def of_store(uri: str, channels: int) -> Pairs:
    """As ``measure``, from stored PCM at ``RATE``.

    Raises:
        BadAudio: ``missing``, the audio is gone.
        Unavailable: the store does not answer.
    """
    return measure(_blocks(uri, channels))


def _blocks(uri: str, channels: int) -> Iterator[NDArray[np.int16]]:
    size, width = wav_view(uri, RATE, channels).pcm_bytes, BLOCK * channels * SAMPLE_BYTES
    for start in range(0, size, width):
        data = whole.read(uri, start, min(start + width, size))
        yield np.frombuffer(data, "<i2").reshape(-1, channels)


def _url(store_url: str, recording_id: UUID, zoom: int) -> str:
    return f"{recording_url(store_url, recording_id)}/peaks-{zoom}.dat"
