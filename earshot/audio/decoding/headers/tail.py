"""Finds where a file's last byte lies that is not zero: behind it is space that was reserved and
never written to."""

from earshot.audio.media_file import MediaFile

PIECE = 1 << 20


def last_written(file: MediaFile, start: int) -> int:
    """One byte behind the last one that is not zero, from ``start`` on; ``start`` where there is
    none."""
    with file.reader() as reader:
        for end in range(file.size, start, -PIECE):
            first = max(start, end - PIECE)
            reader.seek(first)
            written = reader.read(end - first).rstrip(b"\0")
            if written:
                return first + len(written)
    return start
