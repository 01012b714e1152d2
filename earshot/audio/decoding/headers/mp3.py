"""Reads metadata around MPEG audio frames: ID3v2 tags, checked against the frames behind them, and
stated lengths."""

import re

from earshot.audio.media_file import WHOLE_FILE, MediaFile, View

PIECE = 1 << 20
RUN = 4
"""Frames of one kind in a row, each starting where the previous one ends, that exclude a
coincidence."""
LONGEST_FRAME = 2881
"""Bytes: layer II, 160 kbit/s at 8 kHz, and one of padding."""
HEADER = re.compile(rb"\xff(?=[\xe2-\xe7\xf2-\xf7\xfa-\xff][\x10-\xef])", re.DOTALL)
SAME = 0xFFFE_0C00
"""Header bits of version, layer and rate: equal in all frames of a file."""
BITRATES = {
    (1, 1): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (1, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (1, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (2, 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (2, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (2, 3): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
"""kbit/s by version (2.5 is as 2) and layer: ISO/IEC 11172-3, 2.4.2.3, and 13818-3."""
RATES = (44_100, 48_000, 32_000)
FIRST_FRAME_BYTES = 2048


def id3_end(head: bytes) -> int:
    """Bytes of an ID3v2 tag at the start of ``head`` by its own size field, 0 without one.

    The field is four bytes of seven bits each, behind a version from 2 to 4 and flags (id3.org,
    ID3v2.4 section 3.1).
    """
    if len(head) < 10 or head[:3] != b"ID3" or head[3] not in (2, 3, 4):
        return 0
    return 10 + sum(
        (byte & 0x7F) << shift for byte, shift in zip(head[6:10], (21, 14, 7, 0), strict=True)
    )


def tag_end(file: MediaFile, at: int) -> int:
    """The real end of the ID3v2 tag at ``at``: as stated, or where frames begin before that; past
    the file's end if stated so without frames. ``at`` if there is no tag."""
    with file.reader() as reader:
        reader.seek(at)
        stated = at + id3_end(reader.read(10))
        for first in range(at, min(stated, file.size), PIECE):
            reader.seek(first)
            data = reader.read(PIECE + RUN * LONGEST_FRAME)
            for found in HEADER.finditer(data, 0, PIECE):
                if first + found.start() < stated and _runs(data, found.start()):
                    return first + found.start()
    return stated


def behind_its_tag(file: MediaFile) -> View:
    """The view for reading a file that begins with a tag: the tag's size corrected if it is
    wrong."""
    with file.reader() as reader:
        stated = id3_end(reader.read(10))
    end = tag_end(file, 0)
    if end == stated:
        return WHOLE_FILE
    return View(edits={6: bytes(end - 10 >> shift & 0x7F for shift in (21, 14, 7, 0))})


def stated_ms(file: MediaFile) -> int | None:
    """The length stated by an MP3's optional header frame, None without one: Xing's and LAME's, or
    Fraunhofer's."""
    at = tag_end(file, 0)
    with file.reader() as reader:
        reader.seek(at)
        frame = reader.read(FIRST_FRAME_BYTES)
    sync = HEADER.search(frame)
    if sync is None:
        return None
    version, layer, rate, _ = _kind(frame[sync.start() : sync.start() + 4])
    found = re.search(
        rb"(?:Xing|Info)...[\1\3\5\7\t\x0b\r\x0f](....)|VBRI.{10}(....)", frame, re.DOTALL
    )
    if found is None or rate == 0:
        return None
    frames = int.from_bytes(found[1] or found[2], "big")
    return frames * _samples(version, layer) * 1000 // rate


def _runs(data: bytes, at: int) -> bool:
    """True if ``RUN`` frames of one kind follow each other from ``at`` on."""
    kind = int.from_bytes(data[at : at + 4], "big") & SAME
    for _ in range(RUN):
        head = data[at : at + 4]
        length = _frame_bytes(head) if int.from_bytes(head, "big") & SAME == kind else 0
        if length == 0 or at + length > len(data):
            return False
        at += length
    return True


def _frame_bytes(head: bytes) -> int:
    """Length of the frame that begins with these four bytes; 0 if it is not a frame of a known bit
    rate."""
    version, layer, rate, bits_per_second = _kind(head)
    if rate == 0:
        return 0
    slot = 4 if layer == 1 else 1
    return (
        _samples(version, layer) // 8 // slot * bits_per_second // rate + (head[2] >> 1 & 1)
    ) * slot


def _kind(head: bytes) -> tuple[int, int, int, int]:
    """Version, layer, samples per second and bits per second; zeros if this is not a header."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return 0, 0, 0, 0
    halved, layer, bits, rate = (
        3 - (head[1] >> 3 & 3),
        4 - (head[1] >> 1 & 3),
        head[2] >> 4,
        head[2] >> 2 & 3,
    )
    if halved == 2 or layer == 4 or not 0 < bits < 15 or rate == 3:
        return 0, 0, 0, 0
    version = 1 if halved == 0 else 2
    return (
        version,
        layer,
        RATES[rate] >> (halved + 1) // 2,
        BITRATES[version, layer][bits - 1] * 1000,
    )


def _samples(version: int, layer: int) -> int:
    """Samples per channel in a frame."""
    return 384 if layer == 1 else 576 if version == 2 and layer == 3 else 1152
