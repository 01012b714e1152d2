"""Opens a media file with FFmpeg and selects its audio track; maps FFmpeg's errors to ours."""

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from typing import Any

from earshot.analysis.errors import BadAudio
from earshot.audio.decoding.headers.diagnosis import why_unreadable
from earshot.audio.media_file import WHOLE_FILE, MediaFile, View

DEMUXERS = (
    "wav,w64,flac,ogg,mp3,aac,mov,matroska,aiff,caf,au,asf,amr,avi,mpegts,mpeg,flv,ac3,eac3,ape,tta,wv,mpc,mpc8,voc,gsm,dsf,"
    "nistsphere,sox,pvf,ircam,ilbc"  # speech corpora, voice mail
)
"""Containers with their own audio. Playlists (hls, concat, dash, sdp) are left out: they refer to
other files and addresses, and so would lead out of the allowed roots."""

READ_BYTES = 1 << 16

PATIENT = {"analyzeduration": "3600000000", "probesize": "50000000"}
"""For a track whose first packet comes after the five seconds, or 5 MB, that FFmpeg examines by
default: an hour (in microseconds), or 50 MB."""

ENCRYPTED_TAGS = ("enca", "encv", "drms", "drmi", "p608")
"""Sample entry types of protected MP4 tracks: ISO/IEC 14496-12 section 8.12, and Apple FairPlay."""


@contextmanager
def open_media(file: MediaFile, view: View = WHOLE_FILE) -> Iterator[Any]:
    """An open container with at least one audio stream (PyAV objects), of what ``view`` shows of
    the file.

    Raises:
        BadAudio: ``empty``, ``not_audio``, ``truncated``, ``zero_channels``, ``no_audio_stream``,
            ``encrypted``.
    """
    with _opened(file, view) as container:
        streams = container.streams
        protected = [
            stream for stream in (*streams.audio, *streams.video) if _tag(stream) in ENCRYPTED_TAGS
        ]
        if protected:
            raise BadAudio(
                "encrypted", "The file is encrypted (DRM); ask its owner for an unprotected copy"
            )
        if not streams.audio:
            raise BadAudio(
                "no_audio_stream",
                f"This {container_name(container)} file has no audio track to analyse",
            )
        yield container


def first_time(container: Any, stream: Any) -> Fraction | None:
    """Begin of the file's time line by its other tracks, in seconds of its own count; None if this
    track is the only one: its first sample is the beginning then, regardless of its time stamp."""
    from av.stream import Disposition

    others = [
        other
        for other in (*container.streams.video, *container.streams.audio)
        if other.index != stream.index and not other.disposition & Disposition.attached_pic
    ]
    return (
        Fraction(container.start_time, 1_000_000)
        if others and container.start_time is not None
        else None
    )


def has_pictures(container: Any) -> bool:
    """True if the file contains video; a cover does not count."""
    from av.stream import Disposition

    return any(
        not stream.disposition & Disposition.attached_pic for stream in container.streams.video
    )


@contextmanager
def _opened(file: MediaFile, view: View) -> Iterator[Any]:
    import av

    av.logging.set_level(
        None
    )  # FFmpeg's remarks about damaged files belong in our errors, not on the terminal
    if file.size == 0:
        raise BadAudio("empty", "The file is empty (0 bytes)")
    container = _open(file, view, {})
    if any(
        each.codec_context is not None and not each.codec_context.sample_rate
        for each in container.streams.audio
    ):
        container.close()
        container = _open(file, view, PATIENT)
    with container:
        yield container


def _open(file: MediaFile, view: View, options: dict[str, str]) -> Any:
    import av

    # It opens no other file, even if this one refers to one.
    allowed = {"format_whitelist": DEMUXERS, "protocol_whitelist": "none"}
    try:
        return av.open(
            file.raw(view),
            options=allowed | options,
            metadata_errors="replace",
            buffer_size=READ_BYTES,
        )
    except av.FFmpegError as error:
        raise why_unreadable(file) from error


def container_name(container: Any) -> str:
    """The common name of a container; FFmpeg names a family (``mov,mp4,m4a,3gp,3g2,mj2``)."""
    names = str(container.format.name).split(",")
    return "mp4" if "mp4" in names else names[0]


def _tag(stream: Any) -> str:
    """Four letters in MP4 and its like; AVI and WAV use codec numbers, and not every number is
    text."""
    try:
        return str(stream.codec_context.codec_tag) if stream.codec_context else ""
    except UnicodeDecodeError:
        return ""
