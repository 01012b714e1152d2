"""Compares the size stated by a WAV, AIFF, Wave64, CAF or AU with the bytes: the expected length
and the end of the audio.

FFmpeg stops at the stated size. That is wrong if a recorder last updated it minutes ago, if it
wrapped above 4 GiB, or if it was never written.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedReader

from earshot.audio.decoding.headers.chunks import chunks_end, last_chunks
from earshot.audio.decoding.headers.diagnosis import named
from earshot.audio.decoding.headers.riff_header import Header, read_header
from earshot.audio.decoding.headers.tail import last_written
from earshot.audio.media_file import WHOLE_FILE, MediaFile, View

UNKNOWN = (
    range(1),
    range(0x7FFF_0000, 0x8000_0001),
    range(0xFFFF_0000, 0x1_0000_0000),
    range(1 << 62, 1 << 64),
)
"""Placeholders in the size fields of recorders that write to a pipe or are killed."""
LEAST_SEC = 0.1
"""Less audio behind the stated end gets no remark."""
HEAD_BYTES = 4096
TAGS = (b"ID3\2", b"ID3\3", b"ID3\4", b"TAG", b"APETAGEX")


@dataclass(frozen=True)
class Riff:
    """``view`` is the part for the decoder, ``remarks`` are notes for the report."""

    view: View = WHOLE_FILE
    stated_ms: int | None = None
    """None if the header states no length, or states it in bytes of a codec whose rate it may
    misstate."""
    is_cut: bool = False
    """Bytes stated by the header are missing; set where ``stated_ms`` cannot show it."""
    remarks: tuple[str, ...] = ()


def examine(file: MediaFile) -> Riff | None:
    """None for other formats, and for files without audio."""
    with file.reader() as reader:
        header = read_header(reader)
        if header is None or header.data_at > file.size:
            return None
        rest = file.size - header.data_at
        if any(header.size in unknown for unknown in UNKNOWN) and (
            header.size == 0 or header.size > rest
        ):
            return _never_closed(reader, header, file)
        view, remarks = (
            _behind(reader, header, file) if header.size < rest else (_as_stated(header), ())
        )
    if header.is_pcm and header.bytes_per_second:
        return Riff(view, header.size * 1000 // header.bytes_per_second, remarks=remarks)
    return Riff(
        view, is_cut=header.size - rest > max(header.block, header.size // 100), remarks=remarks
    )


def _never_closed(reader: BufferedReader, header: Header, file: MediaFile) -> Riff:
    if chunks_end(reader, header.grammar, header.data_at, file.size) == file.size:
        return Riff(View(end=header.data_at))  # no audio, unless other chunks follow it
    remark = (
        "The header states no length, as recorders leave it that write to a pipe or are ended; the"
        " end may be missing."
    )
    end = last_chunks(reader, header.grammar, header.data_at, file.size) or file.size
    size = (end - header.data_at) // header.block * header.block
    return Riff(View(end=header.data_at + size, edits=header.edits(size)), remarks=(remark,))


def _as_stated(header: Header) -> View:
    """The view up to the stated end: not every reader of FFmpeg stops there (AU)."""
    return View(
        end=header.data_at + header.size,
        edits=header.edits(header.size) if header.form_is_short else {},
    )


def _behind(
    reader: BufferedReader, header: Header, file: MediaFile
) -> tuple[View, tuple[str, ...]]:
    """The view if something follows the audio: chunks of the format, or data unknown to the
    header."""
    grammar, stated_end = header.grammar, header.data_at + header.size
    for end in _possible_ends(header, file.size):
        if chunks_end(reader, grammar, end, file.size) == file.size:
            return (
                (_as_stated(header), ())
                if end <= grammar.aligned(stated_end)
                else _longer(header, end)
            )
    at = chunks_end(reader, grammar, _begin_behind(reader, header), file.size)
    size, written = file.size - at, last_written(file, at) - at
    least = max(header.block, round(LEAST_SEC * header.bytes_per_second))
    reader.seek(at)
    head = reader.read(HEAD_BYTES)
    is_chunk = at > grammar.aligned(stated_end) or grammar.known.match(head)
    what = named(head) or ("something that is no sound" if is_chunk else None)
    if size < least or head.startswith(TAGS):
        return _as_stated(header), ()
    if written < least:
        remark = (
            f"{size:,} bytes of zeros behind the sound, space that was never written to, are left"
            " out."
        )
        return _as_stated(header), (remark,)
    if what:
        remark = (
            f"Behind the sound lies {what} ({size:,} bytes), which is not analysed; split the file"
            " there."
        )
        return _as_stated(header), (remark,)
    last = last_chunks(reader, grammar, at, file.size)
    return _longer(
        header, last or (file.size if size < 2 * written else _whole_block(header, at + written))
    )


def _begin_behind(reader: BufferedReader, header: Header) -> int:
    """Begin of the data behind the audio: after its padding, or at once where padding is
    missing."""
    end = header.data_at + header.size
    padded = header.grammar.aligned(end)
    reader.seek(end)
    return end if reader.read(padded - end).strip(b"\0") else padded


def _longer(header: Header, end: int) -> tuple[View, tuple[str, ...]]:
    """The view if the audio continues up to ``end``."""
    size = end - header.data_at
    stated = (
        f"{header.size / header.bytes_per_second:.1f} s"
        if header.bytes_per_second
        else f"{header.size:,} bytes"
    )
    remark = (
        f"The header states {stated} of sound, but more follows: all {size:,} bytes of it are"
        " analysed."
    )
    return View(end=header.data_at + size, edits=header.edits(size)), (remark,)


def _whole_block(header: Header, end: int) -> int:
    """``end`` rounded up to a whole block, since the last sample may end in zeros."""
    return header.data_at - (header.data_at - end) // header.block * header.block


def _possible_ends(header: Header, file_size: int) -> Iterator[int]:
    """Yields the possible ends: as stated, padded or not, and later by multiples of 4 GiB for a
    wrapped 32-bit field."""
    step = 1 << 8 * header.size_bytes
    for end in range(header.data_at + header.size, file_size + 1, step):
        yield end
        padded = header.grammar.aligned(end)
        if end < padded <= file_size:
            yield padded
