"""Reads the header information about a file's audio before decoding."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from earshot.analysis.errors import BadAudio
from earshot.audio.decoding.headers.diagnosis import why_unreadable
from earshot.audio.decoding.headers.matroska import ends_inside_its_segment
from earshot.audio.decoding.headers.mp3 import behind_its_tag, stated_ms
from earshot.audio.decoding.headers.ogg import ends_inside_a_page, links
from earshot.audio.decoding.headers.riff import Riff, examine
from earshot.audio.decoding.joined import mp4_parts
from earshot.audio.decoding.media import container_name, first_time, open_media
from earshot.audio.decoding.timeline import likely_ms, most_silence_ms
from earshot.audio.decoding.tracks import ONE_TRACK, Chosen, choose, end_ms
from earshot.audio.media_file import WHOLE_FILE, MediaFile, Source, View, opened

RATES_HZ = (8_000, 192_000)
MAX_CHANNELS = 8

PROMISING = (
    "w64",
    "flac",
    "mov",
    "matroska",
    "aiff",
    "caf",
    "au",
    "ape",
    "tta",
    "wv",
    "nistsphere",
)
"""Containers whose header states the length of the audio. For the others (ogg, raw aac, asf,
mpegts...) FFmpeg only estimates it from the existing bytes, so a cut is not visible."""

BY_TIME = ("mp4", "matroska")
"""Their length is the last time stamp, which may jump; the others count samples, frames or
bytes."""

DENSE = ("flac", "ape", "tta", "wv")
"""Lossless containers that count samples: an hour of silence takes a few kilobytes, and time stamps
cannot jump."""


@dataclass(frozen=True)
class Probe:
    """Header information. ``duration_ms`` may be an estimate; ``promised_ms`` is the length the
    file commits to, if any; ``is_cut`` marks a file whose bytes visibly end too early, regardless
    of its header. Lengths are those of the file's own line, which begins where its first track
    does."""

    container: str
    codec: str
    sample_rate: int
    channels: int
    duration_ms: int | None
    promised_ms: int | None
    is_cut: bool
    view: View = WHOLE_FILE
    """The part of the file to decode."""
    remarks: tuple[str, ...] = ()
    """Notes about the header for the report, one sentence each."""
    likely_ms: int = 0
    """Length by size and bit rate, as if all of the file were audio."""
    chosen: Chosen = ONE_TRACK
    """The selected tracks: each a channel where there are several."""
    links: tuple[View, ...] = ()
    """The parts of a chained Ogg file, or of joined MP4s, where there are several."""

    @property
    def certain_ms(self) -> int:
        """Minimum length of the recording: the length that the file commits to, as far as it counts
        its contents and the bytes exist; 0 if only decoding can tell."""
        counted = (
            self.promised_ms if self.container not in BY_TIME and len(self.links) < 2 else None
        )
        return min(counted or 0, self.likely_ms)

    @property
    def expected_ms(self) -> int:
        """Estimated length of the recording, mostly too high: the stated length, as far as the
        bytes make it likely."""
        stated = self.promised_ms or self.duration_ms
        if stated is None or len(self.links) > 1:
            return self.likely_ms
        return (
            stated
            if self.container in DENSE
            else min(stated, self.likely_ms + most_silence_ms(self.likely_ms))
        )


def probe(source: Source) -> Probe:
    """Raises:
    BadAudio: any of ``BAD_AUDIO_CODES`` except ``not_finite``.
    Forbidden: ``unreadable``.
    """
    with opened(source) as file:
        return _probe(file)


def _probe(file: MediaFile) -> Probe:
    riff = examine(file)
    parts = mp4_parts(file)
    view = riff.view if riff else parts[0] if len(parts) > 1 else behind_its_tag(file)
    with open_media(file, view) as container:
        chosen = choose(container)
        streams = [container.streams[index] for index in chosen.indexes]
        contexts = [stream.codec_context for stream in streams if stream.codec_context is not None]
        if not contexts:
            raise BadAudio(
                "unsupported",
                "The audio track uses a codec that FFmpeg does not know; convert it to WAV or FLAC",
            )
        names = container.format.name.split(",")
        duration_ms = length_ms(container, streams)
        codec = str(contexts[0].codec.canonical_name)
        found = Probe(
            container=container_name(container),
            codec=codec,
            sample_rate=max(int(context.sample_rate or 0) for context in contexts),
            channels=len(streams) if len(streams) > 1 else int(contexts[0].channels or 0),
            duration_ms=duration_ms,
            promised_ms=riff.stated_ms if riff else _promised_ms(file, names, duration_ms),
            is_cut=_is_cut(file, names, riff),
            view=view,
            remarks=riff.remarks if riff else (),
            likely_ms=likely_ms(
                file.size, sum(context.bit_rate or 0 for context in contexts), codec
            ),
            chosen=chosen,
            links=links(file) if "ogg" in names else parts,
        )
    if found.sample_rate == 0:  # FFmpeg detected this format only by the file name
        raise why_unreadable(file)
    _check(found)
    return found


def _check(found: Probe) -> None:
    if found.channels == 0:
        raise BadAudio(
            "zero_channels",
            f"The {found.container} header states 0 channels; there is no audio to analyse",
        )
    low, high = RATES_HZ
    if not low <= found.sample_rate <= high:
        raise BadAudio(
            "unsupported",
            f"Sample rate {found.sample_rate} Hz is outside {low} to {high} Hz; convert it first",
        )
    if found.channels > MAX_CHANNELS:
        raise BadAudio(
            "unsupported",
            f"{found.channels} channels are more than {MAX_CHANNELS}; split or mix the file first",
        )


def length_ms(container: Any, streams: Sequence[Any]) -> int | None:
    """Extent of the tracks on the file's line; the container's own length only if it holds just
    audio, since a video may outlast its audio. Matroska's writers state the end of the last track,
    with or without a file's first time stamp."""
    ends = [end for stream in streams if (end := end_ms(stream)) is not None]
    if ends:
        start = first_time(container, streams[0])
        own = min((stream.start_time or 0) * stream.time_base for stream in streams)
        begin = 0 if "matroska" in container.format.name else own if start is None else start
        return max(0, max(ends) - int(begin * 1000))
    if container.duration is not None and len(container.streams) == len(streams):
        return max(0, int(container.duration) // 1000)
    return None


def _is_cut(file: MediaFile, names: Sequence[str], riff: Riff | None) -> bool:
    if riff:
        return riff.is_cut
    if "ogg" in names:
        return ends_inside_a_page(file)
    return "matroska" in names and ends_inside_its_segment(file)


def _promised_ms(file: MediaFile, names: list[str], duration_ms: int | None) -> int | None:
    if "mp3" in names:
        return stated_ms(file)
    return duration_ms if any(name in PROMISING for name in names) else None
