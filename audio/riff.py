"""Reads from a WAV header how long the sound should be; FFmpeg only tells how much of it is there."""

import struct

from audio.media_file import MediaFile

UNKNOWN_FROM = 0x7FFF_0000
"""Recorders that write to a pipe leave 0, 0x7FFF.... or 0xFFFFFFFF in the size field, for want of knowing."""


def stated_duration_ms(media: MediaFile) -> int | None:
    """Size of the ``data`` chunk over the bytes per second in ``fmt ``; None where the header does not say."""
    bytes_per_second = 0
    with media.reader() as file:
        if file.read(12)[:4] != b"RIFF":
            return None
        while len(header := file.read(8)) == 8:
            name, size = struct.unpack("<4sI", header)
            if name == b"data":
                is_known = 0 < size < UNKNOWN_FROM and bytes_per_second > 0
                return size * 1000 // bytes_per_second if is_known else None
            if name == b"fmt " and size >= 16:
                body = file.read(16)
                bytes_per_second = int.from_bytes(body[8:12], "little")
                size -= len(body)
            file.seek(size + size % 2, 1)  # chunks are padded to an even length
    return None
