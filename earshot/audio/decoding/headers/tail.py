"""Finds the last non-zero byte of a file: zeros behind it are reserved space that was never
written."""

from earshot.audio.media_file import MediaFile

PIECE = 1 << 20


def last_written(file: MediaFile, start: int) -> int:
    """The offset after the last non-zero byte from ``start`` on; ``start`` if there is none."""
    with file.reader() as reader:
        for end in range(file.size, start, -PIECE):
            first = max(start, end - PIECE)
            reader.seek(first)
            written = reader.read(end - first).rstrip(b"\0")
            if written:
                return first + len(written)
    return start
