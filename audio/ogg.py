"""Tells whether an Ogg file was cut off: it states no length, but its last page says how long the page is (RFC 3533, 6)."""

from pathlib import Path

LONGEST_PAGE = 65_307
"""Bytes: a header of 27, 255 lacing values, and 255 segments of 255."""
HEADER = 27


def ends_inside_a_page(path: Path) -> bool:
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - LONGEST_PAGE))
        tail = file.read()
    at = tail.rfind(b"OggS\x00")
    if at < 0 or at + HEADER > len(tail):
        return at >= 0
    segments = tail[at + HEADER - 1]
    lacing = tail[at + HEADER : at + HEADER + segments]
    return len(lacing) < segments or at + HEADER + segments + sum(lacing) > len(tail)
