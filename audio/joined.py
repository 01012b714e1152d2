"""Finds another file behind the one that was read: of files joined end to end FFmpeg may read the first alone."""

from audio.media_file import MediaFile

STARTS = {
    "flv": b"FLV\x01",
    "tta": b"TTA1",
    "voc": b"Creative Voice File\x1a",
    "asf": b"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c",
}
"""By container, the bytes that each of its files begins with. Of the others FFmpeg reads on, or says that it cannot."""
SEARCHED = 64 << 20
PIECE = 1 << 20


def joined_bytes(file: MediaFile, container: str, read_to: int) -> int:
    """How many bytes the files behind take, of which nothing was read; ``read_to`` is where the last packet ended."""
    at = _second_mp4(file) if container == "mp4" else _find(file, STARTS[container], read_to) if container in STARTS else None
    return file.size - at if at is not None else 0


def _second_mp4(file: MediaFile) -> int | None:
    """Every MP4 begins with a box named ftyp; boxes are a length and a name (ISO/IEC 14496-12, 4.2)."""
    at = 0
    with file.reader() as reader:
        while at + 8 <= file.size:
            reader.seek(at)
            head = reader.read(16)
            length = int.from_bytes(head[:4], "big")
            if head[4:8] == b"ftyp" and at > 0:
                return at
            length = int.from_bytes(head[8:16], "big") if length == 1 else length
            if length < 8:
                return None  # up to the end, or no box
            at += length
    return None


def _find(file: MediaFile, start: bytes, at: int) -> int | None:
    with file.reader() as reader:
        for first in range(at, min(file.size, at + SEARCHED), PIECE):
            reader.seek(first)
            found = reader.read(PIECE + len(start)).find(start)
            if found >= 0 and first + found > 0:
                return first + found
    return None
