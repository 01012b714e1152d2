"""Reads the header of a WAV, AIFF, Wave64, CAF or AU: offset, format and stated size of the
audio."""

import struct
from dataclasses import dataclass
from io import BufferedReader

from earshot.audio.decoding.headers.chunks import CAF, IFF, NO_CHUNKS, RIFF, WAVE64, Grammar, chunks

PCM_TAGS = (1, 3, 6, 7)
"""Integers, floats, A-law and mu-law, with a known sample size. Extensible headers name one of them
in their subformat."""
EXTENSIBLE = 0xFFFE
PCM_TYPES = (b"NONE", b"twos", b"sowt", b"fl32", b"FL32", b"fl64", b"FL64")
"""The same in AIFF-C."""
PCM_CODES = {1: 1, 2: 1, 3: 2, 4: 3, 5: 4, 6: 4, 7: 8, 27: 1}
"""The same in AU, with bytes per sample."""
W64_RIFF = b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\x00\x00"
W64_WAVE = b"wave\xf3\xac\xd3\x11\x8c\xd1\x00\xc0\x4f\x8e\xdb\x8a"


@dataclass(frozen=True)
class Header:
    """``block`` is the bytes of one unit (a sample of each channel, a packet); ``bytes_per_second``
    is 0 where it is unknown."""

    grammar: Grammar
    data_at: int
    size: int
    """Stated size of the audio, in bytes."""
    size_at: int
    """Offset of that field."""
    size_bytes: int
    before: int
    """Bytes counted by the field besides the audio."""
    block: int
    is_pcm: bool
    bytes_per_second: int
    form_is_short: bool = False
    """The size of an AIFF's FORM, which FFmpeg uses, ends before the audio begins."""

    def edits(self, size: int) -> dict[int, bytes]:
        """Corrected size fields for this much audio, by offset."""
        most = (1 << 8 * self.size_bytes) - 1
        field = {
            self.size_at: self.grammar.bytes_of(min(size + self.before, most), self.size_bytes)
        }
        whole = min(self.data_at + size - 8, 0xFFFF_FFFF)
        return {4: self.grammar.bytes_of(whole, 4), **field} if self.form_is_short else field


def read_header(reader: BufferedReader) -> Header | None:
    """None for other formats, for files without audio, and for packets of table-defined lengths."""
    head = reader.read(40)
    if head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
        return _aiff(reader, int.from_bytes(head[4:8], "big"))
    if head[:4] in (b"RIFF", b"RF64", b"BW64", b"RIFX") and head[8:12] == b"WAVE":
        return _wav(
            reader, IFF if head[:4] == b"RIFX" else RIFF, 12, is_long=head[:4] in (b"RF64", b"BW64")
        )
    if head[:16] == W64_RIFF and head[24:40] == W64_WAVE:
        return _wav(reader, WAVE64, 40)
    if head[:4] == b"caff":
        return _caf(reader)
    return _au(head) if head[:4] == b".snd" and len(head) >= 24 else None


def _wav(
    reader: BufferedReader, grammar: Grammar, first: int, is_long: bool = False
) -> Header | None:
    form, long_at, long_size = b"", 0, 0
    for at, name, size in chunks(reader, grammar, first):
        if name[:4] == b"fmt ":
            form = reader.read(min(size, 40))
        elif name == b"ds64" and is_long:
            long_at, long_size = at + 8, int.from_bytes(reader.read(16)[8:], "little")
        elif name[:4] == b"data" and len(form) >= 16:
            pcm = _form(form, grammar.order)
            if long_at:
                return Header(grammar, at, long_size, long_at, 8, 0, *pcm)
            before = grammar.head_bytes if grammar.counts_head else 0
            return Header(
                grammar, at, size, at - grammar.size_bytes, grammar.size_bytes, before, *pcm
            )
    return None


def _form(form: bytes, order: str) -> tuple[int, bool, int]:
    """Bytes of a block, True if it is PCM, bytes per second; of PCM both are computed, regardless
    of the header."""
    tag, channels, rate, speed, block, bits = struct.unpack(order + "HHIIHH", form[:16])
    if tag == EXTENSIBLE and len(form) >= 26:
        tag = struct.unpack(order + "H", form[24:26])[0]
    if tag not in PCM_TAGS or not channels or not bits:
        return max(block, 1), False, speed
    return _pcm(channels, -(-bits // 8), rate)


def _pcm(channels: int, sample_bytes: int, rate: int) -> tuple[int, bool, int]:
    return channels * sample_bytes, True, rate * channels * sample_bytes


def _aiff(reader: BufferedReader, form_size: int) -> Header | None:
    common = b""
    for at, name, size in chunks(reader, IFF, 12):
        if name == b"COMM":
            common = reader.read(min(size, 22))
        elif name == b"SSND" and len(common) >= 18:
            channels, _, bits, exponent, mantissa = struct.unpack(">hIhHQ", common[:18])
            rate = (
                mantissa >> 16_446 - exponent if 16_383 <= exponent < 16_446 else 0
            )  # an 80-bit float
            is_pcm = common[18:22] in (b"", *PCM_TYPES) and channels > 0 and bits > 0
            pcm = _pcm(channels, -(-bits // 8), rate) if is_pcm else (1, False, 0)
            return Header(
                IFF,
                at + 8,
                max(size - 8, 0),
                at - 4,
                4,
                8,
                *pcm,
                form_is_short=form_size + 8 < at + 8,
            )
    return None


def _caf(reader: BufferedReader) -> Header | None:
    """Apple Core Audio Format 1.0. The data begins with a count of edits; a size of -1 leaves open
    where the file ends."""
    form = b""
    for at, name, size in chunks(reader, CAF, 8):
        if name == b"desc":
            form = reader.read(min(size, 32))
        elif name == b"data" and len(form) == 32:
            rate, codec, _, block, frames = struct.unpack(">d4sIII", form[:24])
            if not block or not frames or not 0 < rate < 1 << 32:
                return None  # packets of any length, defined by a table
            is_pcm = codec in (b"lpcm", b"ulaw", b"alaw")
            return Header(
                CAF,
                at + 4,
                max(size - 4, 0),
                at - 8,
                8,
                4,
                block,
                is_pcm,
                int(rate * block / frames),
            )
    return None


def _au(head: bytes) -> Header:
    data_at, size, code, rate, channels = struct.unpack(">IIIII", head[4:24])
    pcm = _pcm(channels, PCM_CODES[code], rate) if code in PCM_CODES and channels else (1, False, 0)
    return Header(NO_CHUNKS, data_at, size, 8, 4, 0, *pcm)
