"""Ranges of bytes (RFC 9110, section 14)."""

import re
from typing import NamedTuple

ONE = re.compile(r"bytes=\s*(\d{0,20})-(\d{0,20})\s*", re.IGNORECASE)


class Part(NamedTuple):
    """Bytes of ``[start, end)``."""

    start: int
    end: int


class Unsatisfiable(ValueError):
    """The range lies behind the end."""


def wanted(header: str | None, size: int) -> Part | None:
    """The one range that the header asks for; None for the whole: without a header, or with one
    that is invalid or asks for several ranges, which a server may ignore.

    Raises:
        Unsatisfiable: there is no such byte.
    """
    found = ONE.fullmatch(header) if header else None
    if found is None or found[1] == found[2] == "":
        return None
    if found[1] == "":  # the last so many bytes
        length = int(found[2])
        if length == 0 or size == 0:
            raise Unsatisfiable(header)
        return Part(max(0, size - length), size)
    start = int(found[1])
    if found[2] and int(found[2]) < start:
        return None  # invalid
    if start >= size:
        raise Unsatisfiable(header)
    return Part(start, min(int(found[2]) + 1, size) if found[2] else size)
