"""Explains why FFmpeg refused a file, from the file's first bytes."""

import codecs

from earshot.analysis.errors import BadAudio
from earshot.audio.decoding.headers.mp3 import id3_end
from earshot.audio.media_file import MediaFile

HEAD_BYTES = 4096
SMALLEST_HEADER = 42
"""Bytes of the shortest complete header among those below: FLAC's mark, block header and
STREAMINFO."""

KNOWN_STARTS = (
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive (or an Office document)"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"Rar!", "a RAR archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"\x7fELF", "a program"),
    (b"<!DOCTYPE", "a web page"),
    (b"<html", "a web page"),
    (b"#EXTM3U", "a playlist"),
)
AUDIO_STARTS = (
    (b"RIFF", "WAV"),
    (b"RF64", "WAV"),
    (b"OggS", "Ogg"),
    (b"fLaC", "FLAC"),
    (b"caff", "CAF"),
    (b"riff\x2e\x91\xcf\x11", "Wave64"),
    (b".snd", "AU"),
    (b"\x1aE\xdf\xa3", "Matroska"),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "ASF"),
)

LINE_ENDS = {"\r", "\n"}
FEWEST_CHARACTERS = 5
"""Minimum number of different characters in a text."""

HEADERLESS = (".al", ".alaw", ".g722", ".g729", ".pcm", ".raw", ".sln", ".ul", ".ulaw")
"""Endings of headerless telephone audio as Asterisk and others store it: the contents reveal
neither rate nor codec."""


def why_unreadable(file: MediaFile) -> BadAudio:
    """The error for a file that no demuxer opens: ``zero_channels``, ``truncated``, ``corrupt`` or
    ``not_audio``."""
    with file.reader() as reader:
        head = reader.read(HEAD_BYTES)
    size = file.size
    if _wav_channels(head) == 0:
        return BadAudio(
            "zero_channels", "The WAV header states 0 channels; there is no audio to analyse"
        )
    if head[4:8] == b"ftyp":
        return BadAudio(
            "truncated",
            "The MP4 index (moov) is missing or cut off; the recording or download did not finish",
        )
    if head[:3] == b"ID3":
        return _only_a_tag(head, size)
    audio = _audio(head)
    if audio:
        return _broken_header(audio, head, size)
    content = named(head)
    if content is None and file.path.suffix.lower() in HEADERLESS:
        return BadAudio(
            "not_audio",
            f"Sound without a header ({file.path.suffix}) may be anything; wrap it in a WAV first",
        )
    return BadAudio(
        "not_audio",
        f"Not audio: {f'this is {content}' if content else 'no decoder recognises the contents'}",
    )


def named(head: bytes) -> str | None:
    """Name of a known format without audio that begins with these bytes; None otherwise."""
    audio = _audio(head)
    if audio:
        return f"another {audio} file"
    return _start(head, KNOWN_STARTS) or ("text" if head and _is_text(head) else None)


def _audio(head: bytes) -> str | None:
    return _start(head, AUDIO_STARTS) or (
        "AIFF" if head[:4] == b"FORM" and head[8:11] == b"AIF" else None
    )


def _start(head: bytes, starts: tuple[tuple[bytes, str], ...]) -> str | None:
    return next((name for start, name in starts if head.startswith(start)), None)


def _wav_channels(head: bytes) -> int | None:
    """Channel count of a WAV's ``fmt `` chunk; None if the head contains none."""
    at = head.find(b"fmt ")
    if head[:4] not in (b"RIFF", b"RF64") or at < 0 or len(head) < at + 12:
        return None
    return int.from_bytes(head[at + 10 : at + 12], "little")


def _only_a_tag(head: bytes, size: int) -> BadAudio:
    if len(head) < 10 or id3_end(head) >= size:
        return BadAudio(
            "truncated",
            f"The file ends after {size} bytes, inside its ID3 tag; there is no sound in it",
        )
    return BadAudio("not_audio", "Not audio: there is an ID3 tag but no sound after it")


def _broken_header(name: str, head: bytes, size: int) -> BadAudio:
    """The error for a broken header. RIFF and FORM state the size of the rest, little- and
    big-endian; the others state no length."""
    if (
        name in ("WAV", "AIFF")
        and size < int.from_bytes(head[4:8], "little" if name == "WAV" else "big") + 8 <= 2**31
    ):
        return BadAudio(
            "truncated",
            f"This {name} file ends after {size} bytes, before any sound; get the whole file",
        )
    if size <= len(head[:SMALLEST_HEADER]):
        return BadAudio(
            "truncated",
            f"This {name} file ends after {size} bytes, inside its header; get the whole file",
        )
    return BadAudio(
        "corrupt", f"The header of this {name} file is damaged or unfinished; export it again"
    )


def _is_text(head: bytes) -> bool:
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(head)  # the last character may be cut
    except UnicodeDecodeError:
        return False
    if not LINE_ENDS & set(text) or len(set(text) - LINE_ENDS) < FEWEST_CHARACTERS:
        return False  # quiet A-law is the letter U
    return all(character.isprintable() or character in "\r\n\t\f" for character in text)
