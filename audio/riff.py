"""Holds the size in a WAV's or AIFF's header against the bytes: how long the sound should be, and where it really ends.

FFmpeg stops where the field says. That is wrong where a recorder wrote it last minutes ago, where it has wrapped above 4 GiB,
and where it was never written at all.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedReader

from audio.diagnosis import named
from audio.media_file import WHOLE_FILE, MediaFile, View
from audio.riff_header import Header, chunks_end, read_header
from audio.tail import last_written

UNKNOWN = (range(1), range(0x7FFF_0000, 0x8000_0001), range(0xFFFF_0000, 0x1_0000_0000), range(1 << 62, 1 << 64))
"""What recorders that write to a pipe, or are killed, leave in a size field for want of knowing."""
LEAST_SEC = 0.1
"""Less behind the sound is not worth a word."""
HEAD_BYTES = 4096
CUT_CHUNKS = (
    b"LIST",
    b"id3 ",
    b"ID3 ",
    b"bext",
    b"fact",
    b"cue ",
    b"smpl",
    b"iXML",
    b"_PMX",
    b"axml",
    b"JUNK",
    b"MARK",
    b"COMT",
)
"""Chunks that commonly follow the sound; one that is cut off is no sound either."""
TAGS = (b"ID3", b"TAG", b"APETAGEX")


@dataclass(frozen=True)
class Riff:
    """``view`` is what a decoder should read, ``remarks`` what a reader of the report should know."""

    view: View = WHOLE_FILE
    stated_ms: int | None = None
    """None where the header does not say, or says it in bytes of a codec whose rate it may misname."""
    is_cut: bool = False
    """Bytes that the header states are missing; told where ``stated_ms`` cannot tell."""
    remarks: tuple[str, ...] = ()


def examine(file: MediaFile) -> Riff | None:
    """None for what is no WAV or AIFF, or has no sound in it."""
    with file.reader() as reader:
        header = read_header(reader)
        if header is None:
            return None
        rest = file.size - header.data_at
        if any(header.size in unknown for unknown in UNKNOWN) and (header.size == 0 or header.size > rest):
            return _never_closed(reader, header, file)
        view, remarks = _behind(reader, header, file) if header.size < rest else (WHOLE_FILE, ())
    if header.is_pcm and header.bytes_per_second:
        return Riff(view, header.size * 1000 // header.bytes_per_second, remarks=remarks)
    return Riff(view, is_cut=header.size - rest > max(header.block, header.size // 100), remarks=remarks)


def _never_closed(reader: BufferedReader, header: Header, file: MediaFile) -> Riff:
    if chunks_end(reader, header.order, header.data_at, file.size) == file.size:
        return Riff(View(end=header.data_at))  # no sound, if other chunks behind it
    remark = "The header states no length, as recorders leave it that write to a pipe or are ended; the end may be missing."
    size = (file.size - header.data_at) // header.block * header.block
    return Riff(View(edits={header.size_at: header.field(size)}), remarks=(remark,))


def _behind(reader: BufferedReader, header: Header, file: MediaFile) -> tuple[View, tuple[str, ...]]:
    """Something follows the sound: chunks, as the format has it, or what the header does not know of."""
    for end in _possible_ends(header, file.size):
        if chunks_end(reader, header.order, end, file.size) == file.size:
            return (WHOLE_FILE, ()) if end <= header.data_at + header.size + 1 else _longer(header, end)
    stated_end = header.data_at + header.size
    at = chunks_end(reader, header.order, stated_end, file.size)
    size, written = file.size - at, last_written(file, at) - at
    least = max(header.block, round(LEAST_SEC * header.bytes_per_second))
    reader.seek(at)
    head = reader.read(HEAD_BYTES)
    what = named(head) or ("something that is no sound" if at > stated_end or head.startswith(CUT_CHUNKS) else None)
    if size < least or head.startswith(TAGS):
        return WHOLE_FILE, ()
    if written < least:
        return WHOLE_FILE, (f"{size:,} bytes of zeros behind the sound, space that was never written to, are left out.",)
    if what:
        return WHOLE_FILE, (f"Behind the sound lies {what} ({size:,} bytes), which is not analysed; split the file there.",)
    return _longer(header, file.size if size < 2 * written else at + written)


def _longer(header: Header, end: int) -> tuple[View, tuple[str, ...]]:
    """The sound goes on up to ``end``."""
    size = -(-(end - header.data_at) // header.block) * header.block
    stated = f"{header.size / header.bytes_per_second:.1f} s" if header.bytes_per_second else f"{header.size:,} bytes"
    remark = f"The header states {stated} of sound, but more follows: all {size:,} bytes of it are analysed."
    return View(end=header.data_at + size, edits={header.size_at: header.field(size)}), (remark,)


def _possible_ends(header: Header, file_size: int) -> Iterator[int]:
    """As stated, padded or not, and later by as many times 4 GiB as a field of 32 bits may have wrapped."""
    step = 1 << 8 * header.size_bytes
    for end in range(header.data_at + header.size, file_size + 1, step):
        yield end
        if end % 2 and end < file_size:
            yield end + 1
