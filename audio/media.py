"""Opens a media file with FFmpeg and picks its audio track; the one place that knows how FFmpeg names its failures."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from analysis.errors import BadAudio, Forbidden
from audio.diagnosis import why_unreadable

DEMUXERS = (
    "wav,w64,flac,ogg,mp3,aac,mov,matroska,aiff,caf,au,asf,amr,avi,mpegts,mpeg,flv,ac3,eac3,ape,tta,wv,mpc,mpc8,voc,gsm,dsf,"
    "nistsphere,sox,pvf,ircam,ilbc"  # speech corpora, voice mail
)
"""Containers that hold their own sound. Playlists (hls, concat, dash, sdp) are left out: they name other files and addresses,
and so would lead out of the allowed roots."""

ENCRYPTED_TAGS = ("enca", "encv", "drms", "drmi", "p608")
"""Sample entry types of protected MP4 tracks: ISO/IEC 14496-12 section 8.12, and Apple FairPlay."""


@contextmanager
def open_media(path: Path) -> Iterator[tuple[Any, Any]]:
    """An open container and its audio stream (PyAV objects).

    Raises:
        BadAudio: ``missing``, ``empty``, ``not_audio``, ``truncated``, ``zero_channels``, ``no_audio_stream``, ``encrypted``.
        Forbidden: ``unreadable``, the file's permissions keep this process out.
    """
    with _opened(path) as container:
        streams = container.streams
        protected = [stream for stream in (*streams.audio, *streams.video) if _tag(stream) in ENCRYPTED_TAGS]
        if protected:
            raise BadAudio("encrypted", "The file is encrypted (DRM); ask its owner for an unprotected copy")
        if not streams.audio:
            raise BadAudio("no_audio_stream", f"This {container_name(container)} file has no audio track to analyse")
        yield container, streams.best("audio") or streams.audio[0]


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    import av

    av.logging.set_level(None)  # FFmpeg's remarks about damaged files belong in our errors, not on the terminal
    _check_readable(path)
    options = {"format_whitelist": DEMUXERS, "protocol_whitelist": "file"}
    try:
        container = av.open(str(path), options=options, metadata_errors="replace")
    except av.FFmpegError as error:
        raise why_unreadable(path) from error
    with container:
        yield container


def _check_readable(path: Path) -> None:
    """Asks the operating system, because FFmpeg uses the same error numbers for what it finds inside files."""
    try:
        with path.open("rb") as file:
            if not file.read(1):
                raise BadAudio("empty", "The file is empty (0 bytes)")
    except FileNotFoundError as error:
        raise BadAudio("missing", f"{path} does not exist (any more)") from error
    except PermissionError as error:
        raise Forbidden("unreadable", f"{path} may not be read by this user; change its permissions") from error


def container_name(container: Any) -> str:
    """FFmpeg names a family (``mov,mp4,m4a,3gp,3g2,mj2``); people know it by one of its names."""
    names = str(container.format.name).split(",")
    return "mp4" if "mp4" in names else names[0]


def _tag(stream: Any) -> str:
    """Four letters in MP4 and its like; AVI and WAV number their codecs, and not every number is text."""
    try:
        return str(stream.codec_context.codec_tag) if stream.codec_context else ""
    except UnicodeDecodeError:
        return ""
