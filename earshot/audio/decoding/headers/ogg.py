"""Reads the pages of an Ogg file (RFC 3533, 6): detects truncation, since Ogg states no length, and
the links of a chain."""

import re
from collections.abc import Iterator
from itertools import pairwise

from earshot.audio.media_file import MediaFile, View

LONGEST_PAGE = 65_307
"""Bytes: a header of 27, 255 lacing values, and 255 segments of 255."""
HEADER = 27


READ_BYTES = 1 << 20
FIRST_PAGE = re.compile(rb"OggS\x00[\x02\x06]")
"""First pages of logical streams: flagged as first, and not as continued."""


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


def links(file: MediaFile) -> tuple[View, ...]:
    """The parts of a chained file, each a whole Ogg file of its own; one or none where it is not
    chained.

    FFmpeg continues with the next part only if it has the same codec, rate and channels, and fails
    otherwise.
    """
    starts, end_of_group = [], -1
    for first, end in _first_pages(file):
        if first != end_of_group:  # multiplexed streams all begin before the first page of audio
            starts.append(first)
        end_of_group = end
    return tuple(View(first, end) for first, end in pairwise([*starts, file.size]))


def _first_pages(file: MediaFile) -> Iterator[tuple[int, int]]:
    """Begin and end of each first page of a stream."""
    with file.reader() as reader:
        for at in range(0, file.size, READ_BYTES):
            reader.seek(at)
            data = reader.read(READ_BYTES + LONGEST_PAGE)
            for found in FIRST_PAGE.finditer(data, 0, READ_BYTES + len(b"OggS\0")):
                body = (
                    found.start()
                    + HEADER
                    + data[found.start() + HEADER - 1 :][:1].ljust(1, b"\0")[0]
                )
                yield at + found.start(), at + body + sum(data[found.start() + HEADER : body])
