"""Finds files joined end to end, of which FFmpeg may read only the first."""

from collections.abc import Iterator
from itertools import pairwise

from earshot.audio.media_file import MediaFile, View

STARTS = {
    "flv": b"FLV\x01",
    "tta": b"TTA1",
    "voc": b"Creative Voice File\x1a",
    "asf": b"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c",
}
"""By container, the bytes with which each of its files begins. For the others, FFmpeg reads on or
reports an error."""
SEARCHED = 64 << 20
PIECE = 1 << 20


def joined_bytes(file: MediaFile, container: str, read_to: int) -> int:
    """Bytes of the joined files that were not read; ``read_to`` is the end of the last packet."""
    at = _find(file, STARTS[container], read_to) if container in STARTS else None
    return file.size - at if at is not None else 0


def mp4_parts(file: MediaFile) -> tuple[View, ...]:
    """MP4s joined end to end, each a file of its own; one or none where there is one, or none.

    Every MP4 begins with a box named ftyp and has one named moov; boxes are a length and a name
    (ISO/IEC 14496-12, 4.2). Fragments are boxes like others: FFmpeg reads a second file's by the
    first one's moov, all but those that it has passed.
    """
    starts, has_index = [], True
    for at, name in _boxes(file):
        if at == 0 and name != b"ftyp":
            return ()
        if name == b"ftyp" and has_index:
            starts.append(at)
            has_index = False
        has_index = has_index or name == b"moov"
    return tuple(View(first, end) for first, end in pairwise([*starts, file.size]))


def _boxes(file: MediaFile) -> Iterator[tuple[int, bytes]]:
    """Offset and name of each box of the outermost level."""
    at = 0
    with file.reader() as reader:
        while at + 8 <= file.size:
            reader.seek(at)
            head = reader.read(16)
            yield at, head[4:8]
            length = int.from_bytes(head[:4], "big")
            length = int.from_bytes(head[8:16], "big") if length == 1 else length
            if length < 8:
                return  # up to the end, or no box
            at += length


def _find(file: MediaFile, start: bytes, at: int) -> int | None:
    with file.reader() as reader:
        for first in range(at, min(file.size, at + SEARCHED), PIECE):
            reader.seek(first)
            found = reader.read(PIECE + len(start)).find(start)
            if found >= 0 and first + found > 0:
                return first + found
    return None
