"""Tells whether an Ogg file was cut off: it states no length, but its last page says how long the page is (RFC 3533, 6)."""

from audio.media_file import MediaFile

LONGEST_PAGE = 65_307
"""Bytes: a header of 27, 255 lacing values, and 255 segments of 255."""
HEADER = 27


def ends_inside_a_page(file: MediaFile) -> bool:
    with file.reader() as reader:
        reader.seek(max(0, file.size - LONGEST_PAGE))
        tail = reader.read()
    at = tail.rfind(b"OggS\x00")
    if at < 0 or at + HEADER > len(tail):
        return at >= 0
    segments = tail[at + HEADER - 1]
    lacing = tail[at + HEADER : at + HEADER + segments]
    return len(lacing) < segments or at + HEADER + segments + sum(lacing) > len(tail)
