"""Rows of chunks, as RIFF, AIFF, Wave64 and CAF files consist of: a name, a length and so many
bytes."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedReader

LARGEST = 1 << 62
"""No file reaches so far, and no length of 64 bits is followed any further."""
SEARCHED = 16 << 20
"""Bytes before a file's end in which a row of chunks that ends there is looked for: as many as a
picture may take."""


@dataclass(frozen=True)
class Grammar:
    """How a format writes its chunks."""

    order: str
    """``<`` or ``>``, as ``struct`` has it."""
    known: re.Pattern[bytes]
    """Names of chunks that commonly follow the sound."""
    possible: re.Pattern[bytes]
    """What may be a name at all."""
    name_bytes: int = 4
    size_bytes: int = 4
    counts_head: bool = False
    """The length includes name and length."""
    align: int = 2
    """Each chunk begins at a multiple of so many bytes, behind zeros."""

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
"""What is no chunk, though it begins with letters: files joined to this one, and tags of
players."""
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
"""Four letters and the rest of an identifier by Sonic Foundry; two are of another make (marker and
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
"""Of a format that has none (AU)."""


def chunks(reader: BufferedReader, grammar: Grammar, at: int) -> Iterator[tuple[int, bytes, int]]:
    """Where the contents of each chunk from ``at`` on begin, its name and its size; the reader
    stands there."""
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
    """Where a row of chunks ends that begins at ``at``: at ``size``, give or take padding, where
    all are whole. ``astray`` are places from which no row leads there; those that this one comes to
    are added."""
    astray = set() if astray is None else astray
    for begin, name, length in chunks(reader, grammar, at):
        if at in astray or not grammar.possible.match(name) or begin + length > size:
            return at
        astray.add(at)
        at = grammar.aligned(begin + length)
    return size if at > size - grammar.align else at


def last_chunks(reader: BufferedReader, grammar: Grammar, at: int, size: int) -> int | None:
    """Where a row of chunks begins that ends with the file and does not begin before ``at``; its
    first is one that is known."""
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
