"""Detects truncated Matroska or WebM files: the Segment states a size (RFC 8794, RFC 9559)."""

from earshot.audio.media_file import MediaFile

EBML, SEGMENT = b"\x1a\x45\xdf\xa3", b"\x18\x53\x80\x67"


def ends_inside_its_segment(file: MediaFile) -> bool:
    """True if the file is shorter than its Segment. False if the size is left open, as in files
    written to a pipe."""
    with file.reader() as reader:
        head = reader.read(4096)
    if not head.startswith(EBML):
        return False
    size, at = _size(head, len(EBML))
    at += size or 0
    if head[at : at + len(SEGMENT)] != SEGMENT:
        return False
    size, at = _size(head, at + len(SEGMENT))
    return size is not None and at + size > file.size


def _size(data: bytes, at: int) -> tuple[int | None, int]:
    """An element's size, None where it is unknown (all ones), and the offset of its body. The
    leading zeros of the first byte count the bytes that follow."""
    first = data[at] if at < len(data) else 0
    length = 9 - first.bit_length()
    bits = 7 * length
    value = int.from_bytes(data[at : at + length], "big") & ((1 << bits) - 1)
    return (None if first == 0 or value == (1 << bits) - 1 else value), at + length
