"""Reads sequences of chunks (name, length, bytes) of RIFF, AIFF, Wave64 and CAF files."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedReader

LARGEST = 1 << 62
"""Maximum file size; 64-bit lengths beyond it are not followed."""
SEARCHED = 16 << 20
"""Bytes before a file's end searched for a sequence of chunks that ends there: the maximum size of
a picture."""


@dataclass(frozen=True)
class Grammar:
    """Chunk syntax of a format."""

    order: str
    """``<`` or ``>``, as in ``struct``."""
    known: re.Pattern[bytes]
    """Names of chunks that commonly follow the audio."""
    possible: re.Pattern[bytes]
    """Pattern of valid names."""
    name_bytes: int = 4
    size_bytes: int = 4
    counts_head: bool = False
    """The length includes name and length."""
    align: int = 2
    """Alignment of chunks in bytes, padded with zeros."""

    @property
    def head_bytes(self) -> int:
        return self.name_bytes + self.size_bytes

    def number(self, data: bytes) -> int:
        return int.from_bytes(data, "little" if self.order == "<" else "big")

    def bytes_of(self, number: int, size: int) -> bytes:
        return number.to_bytes(size, "little" if self.order == "<" else "big")

    def aligned(self, at: int) -> int:
        return -(-at // self.align) * self.align


LETTERS = re.compile(rb"(?!RIFF|RF64|FORM|OggS|fLaC|caff|ID3[\2-\4]|TAG|APET)[ -~]{4}", re.DOTALL)
"""Bytes that begin with letters and are not chunks: joined files, and tags of players."""
BEHIND = re.compile(
    rb"LIST|list|[iI][dD]3 |bext|fact|cue |smpl|iXML|_PMX|axml|JUNK|junk|PAD"
    rb" |FLLR|MARK|COMT|PEAK|DISP|inst|INST|plst|cart|APPL"
    rb"|NAME|AUTH|ANNO|\(c\) |levl|chna|acid|slnt|afsp|AFAn|MIDI|AESD"
)
GUIDS = re.compile(
    rb".{4}(?:\xf3\xac\xd3\x11\x8c\xd1\x00\xc0\x4f\x8e\xdb\x8a|\x2f\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\x00\x00"
    rb"|.{4}\x86[\xc7\xdc]\x00\xc0\x4f\x8e\xdb\x8a)(?<!riff.{12})",
    re.DOTALL,
)
"""Four letters and the rest of an identifier by Sonic Foundry; two have another rest (marker and
summary list)."""

RIFF, IFF = Grammar("<", BEHIND, LETTERS), Grammar(">", BEHIND, LETTERS)
WAVE64 = Grammar("<", GUIDS, GUIDS, name_bytes=16, size_bytes=8, counts_head=True, align=8)
CAF = Grammar(
    ">",
    re.compile(rb"chan|free|info|strg|mark|regn|inst|ovvw|peak|edct|midi|umid|uuid|pakt|kuki"),
    LETTERS,
    size_bytes=8,
    align=1,
)
NO_CHUNKS = Grammar(">", re.compile(rb"(?!)"), re.compile(rb"(?!)"), align=1)
"""For a format without chunks (AU)."""


def chunks(reader: BufferedReader, grammar: Grammar, at: int) -> Iterator[tuple[int, bytes, int]]:
    """Yields the offset of each chunk's contents from ``at`` on, its name and its size; the reader
    is positioned there."""
    while at < LARGEST:
        reader.seek(at)
        head = reader.read(grammar.head_bytes)
        if len(head) < grammar.head_bytes:
            return
        size = grammar.number(head[grammar.name_bytes :])
        size = max(0, size - grammar.head_bytes) if grammar.counts_head else size
        at += grammar.head_bytes
        yield at, head[: grammar.name_bytes], size
        at = grammar.aligned(at + size)


def chunks_end(
    reader: BufferedReader, grammar: Grammar, at: int, size: int, astray: set[int] | None = None
) -> int:
    """End of a sequence of chunks that begins at ``at``: ``size``, give or take padding, if all are
    whole. ``astray`` are offsets from which no sequence reaches the end; those visited here are
    added."""
    astray = set() if astray is None else astray
    for begin, name, length in chunks(reader, grammar, at):
        if at in astray or not grammar.possible.match(name) or begin + length > size:
            return at
        astray.add(at)
        at = grammar.aligned(begin + length)
    return size if at > size - grammar.align else at


def last_chunks(reader: BufferedReader, grammar: Grammar, at: int, size: int) -> int | None:
    """Begin of a sequence of chunks that ends with the file, not before ``at``; its first chunk is
    a known one."""
    first = max(at, size - SEARCHED)
    reader.seek(first)
    astray: set[int] = set()
    for found in grammar.known.finditer(reader.read(size - first)):
        begin = first + found.start()
        if (
            size - begin >= grammar.head_bytes
            and chunks_end(reader, grammar, begin, size, astray) == size
        ):
            return begin
    return None
