"""Reads the header of a WAV or AIFF: where the sound begins, how many bytes of it are stated, and what they are."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedReader

PCM_TAGS = (1, 3, 6, 7)
"""Integers, floats, A-law and mu-law: what a sample takes is known. Extensible headers name one of them in their subformat."""
EXTENSIBLE = 0xFFFE
PCM_TYPES = (b"NONE", b"twos", b"sowt", b"fl32", b"FL32", b"fl64", b"FL64")
"""The same in AIFF-C."""
NEVER_BEHIND = (b"RIFF", b"RF64", b"FORM", b"OggS", b"fLaC", b"ID3", b"TAG", b"APETAGEX")
"""What is no chunk, though it begins with letters: files joined to this one, and tags of players."""


@dataclass(frozen=True)
class Header:
    """``block`` bytes belong together (a sample of each channel, a packet); ``bytes_per_second`` is 0 where nobody knows."""

    order: str
    """``<`` or ``>``, as ``struct`` has it."""
    data_at: int
    size: int
    """Of the sound, as its field says."""
    size_at: int
    """Where that field stands."""
    size_bytes: int
    """Four, or eight in RF64."""
    before: int
    """Bytes that the field counts besides the sound."""
    block: int
    is_pcm: bool
    bytes_per_second: int

    def field(self, size: int) -> bytes:
        """The size field as it should be for so much sound."""
        most = (1 << 8 * self.size_bytes) - 1
        return min(size + self.before, most).to_bytes(self.size_bytes, "little" if self.order == "<" else "big")


def read_header(reader: BufferedReader) -> Header | None:
    """None for what is no WAV or AIFF, or has no sound in it."""
    head = reader.read(12)
    if head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
        return _aiff(reader)
    return _wav(reader, head[:4]) if head[:4] in (b"RIFF", b"RF64", b"BW64", b"RIFX") and head[8:12] == b"WAVE" else None


def chunks_end(reader: BufferedReader, order: str, at: int, size: int) -> int:
    """Where a row of chunks ends that begins at ``at``: at ``size``, give or take a byte of padding, where all are whole."""
    while at + 8 <= size:
        reader.seek(at)
        head = reader.read(8)
        name, length = struct.unpack(order + "4sI", head)
        is_name = name.isascii() and name.decode("ascii").isprintable() and not head.startswith(NEVER_BEHIND)
        if not is_name or at + 8 + length > size:
            return at
        at += 8 + length + length % 2
    return size if at >= size - 1 else at


def _wav(reader: BufferedReader, mark: bytes) -> Header | None:
    order = ">" if mark == b"RIFX" else "<"
    form, long_at, long_size = b"", 0, 0
    for at, name, size in _chunks(reader, order):
        if name == b"fmt ":
            form = reader.read(min(size, 40))
        elif name == b"ds64" and mark in (b"RF64", b"BW64"):
            long_at, long_size = at + 8, int.from_bytes(reader.read(16)[8:], "little")
        elif name == b"data" and len(form) >= 16:
            is_pcm, block, speed = _form(form, order)
            size_at, size_bytes = (long_at, 8) if long_at else (at - 4, 4)
            return Header(order, at, long_size if long_at else size, size_at, size_bytes, 0, block, is_pcm, speed)
    return None


def _form(form: bytes, order: str) -> tuple[bool, int, int]:
    """Whether it is PCM, bytes of a block, bytes per second; of PCM both are computed, whatever the header says of them."""
    tag, channels, rate, speed, block, bits = struct.unpack(order + "HHIIHH", form[:16])
    if tag == EXTENSIBLE and len(form) >= 26:
        tag = struct.unpack(order + "H", form[24:26])[0]
    if tag not in PCM_TAGS or not channels or not bits:
        return False, max(block, 1), speed
    block = channels * -(-bits // 8)
    return True, block, rate * block


def _aiff(reader: BufferedReader) -> Header | None:
    common = b""
    for at, name, size in _chunks(reader, ">"):
        if name == b"COMM":
            common = reader.read(min(size, 22))
        elif name == b"SSND" and len(common) >= 18:
            channels, _, bits, exponent, mantissa = struct.unpack(">hIhHQ", common[:18])
            is_pcm = common[18:22] in (b"", *PCM_TYPES) and channels > 0 and bits > 0
            block = channels * -(-bits // 8) if is_pcm else 1
            rate = mantissa >> 16_446 - exponent if 16_383 <= exponent < 16_446 else 0  # an 80-bit float
            return Header(">", at + 8, max(size - 8, 0), at - 4, 4, 8, block, is_pcm, rate * block if is_pcm else 0)
    return None


def _chunks(reader: BufferedReader, order: str) -> Iterator[tuple[int, bytes, int]]:
    """Where the contents of each chunk begin, its name and its size; the reader stands there."""
    at = 12
    while True:
        reader.seek(at)
        head = reader.read(8)
        if len(head) < 8:
            return
        name, size = struct.unpack(order + "4sI", head)
        at += 8
        yield at, name, size
        at += size + size % 2  # padded to an even length
