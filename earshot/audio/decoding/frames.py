"""Turns the packets of an audio track into waveforms placed by the file's time stamps."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from earshot.audio.decoding.convert import Converter
from earshot.audio.decoding.decoders import decoder
from earshot.audio.decoding.headers.mp3 import tag_end
from earshot.audio.decoding.media import first_time, has_pictures
from earshot.audio.decoding.probe import Probe
from earshot.audio.decoding.timeline import Leap, Pace, Timeline, clock, form
from earshot.audio.media_file import MediaFile
from earshot.compute.sound import Waveform

TAGGED = ("mp3", "mp3float")
TAGS = (b"ID3", b"TAG", b"APETAGEX", b"LYRICSBEGIN")
"""First bytes of the tags between MP3s joined end to end; they contain text and pictures, no
audio."""

UNSTAMPED = ("avi",)
"""Containers that lay packets end to end. FFmpeg's time stamps for them count blocks, two for a
long packet."""


@dataclass
class Tally:
    """Counts of the file's packets and samples; complete once all waveforms are consumed."""

    samples: int = 0
    lead: int = 0
    """Samples of silence before audio that begins later than the file; part of ``samples``."""
    silenced: int = 0
    """Samples of silence inserted into gaps of the file; part of ``samples``."""
    leaps: list[Leap] = field(default_factory=list)
    """Jumps of the time stamps larger than the bytes make likely."""
    end_ms: int = 0
    """The time stamp, in the file's own time, at which the last frame ends."""
    changes: list[str] = field(default_factory=list)
    """Changes of the rate or of the channels, as text."""
    packets: int = 0
    damaged: int = 0
    """Undecodable packets with audio before and after them."""
    damaged_at_end: int = 0
    read_to: int = 0
    """Offset of the last byte of a packet; of a chained file, within the last part."""
    joined: int = 0
    """Bytes of files joined behind this one that were not read."""
    late_track: bool = False
    """Another track begins within the file."""
    unread: int = 0
    """Bytes behind the point where the demuxer stops."""
    lost_parts: list[str] = field(default_factory=list)
    """Parts of a chained file that cannot be opened, as text."""
    left: list[str] = field(default_factory=list)
    """Tracks of later parts without a channel of their own, as text."""
    stated_ms: int = 0
    """Stated length of all parts but the first, by their headers."""
    truncated_ms: int = 0
    """Length missing at the end, if the caller accepts truncated recordings."""

    def of_track(self) -> "Tally":
        """A tally for one of several tracks that continues from here."""
        return Tally(samples=self.samples, lead=self.lead, silenced=self.silenced)

    def add_tracks(self, tracks: Sequence["Tally"]) -> None:
        """Adds the tallies of parallel tracks: lengths do not add up, packets do."""
        self.samples = max(each.samples for each in tracks)
        self.lead = min(each.lead for each in tracks)
        self.silenced = max(each.silenced for each in tracks)
        self.end_ms = max(each.end_ms for each in tracks)
        self.unread += max(each.unread for each in tracks)
        self.read_to = max(each.read_to for each in tracks)
        self.late_track = any(each.late_track for each in tracks)
        self.packets += sum(each.packets for each in tracks)
        self.damaged += sum(each.damaged for each in tracks)
        self.damaged_at_end = sum(each.damaged_at_end for each in tracks)
        for each in tracks:
            self.leaps += each.leaps
            self.changes += each.changes


def waveforms(
    file: MediaFile, container: Any, stream: Any, probe: Probe, tally: Tally
) -> Iterator[Waveform]:
    """Yields float32 of shape (channels, samples), one decoded frame or up to a second of silence
    in a gap each, at the rate of ``probe`` and with its channels."""
    convert = Converter(probe.sample_rate, probe.channels)
    pace = Pace(container.size, None if has_pictures(container) else probe.likely_ms)
    timeline = Timeline(
        probe.sample_rate,
        probe.duration_ms,
        tally.lead + tally.silenced,
        first_time(container, stream),
    )
    tally.read_to = 0
    for frame in _frames(file, container, stream, tally):
        if convert.differs(frame):
            if tally.samples:
                now = form(frame.sample_rate, frame.layout.nb_channels)
                tally.changes.append(f"{now} at {clock(tally.samples, probe.sample_rate)}")
            yield from _counted(convert.rest(), tally)
        lead = timeline.lead
        stamped = not tally.samples or probe.container not in UNSTAMPED
        gap = (
            timeline.gap_before(frame, tally.samples, pace.likely_ms(tally.read_to))
            if stamped
            else 0
        )
        tally.silenced += gap - (timeline.lead - lead)
        yield from _counted(_silence(gap, probe), tally)
        yield from _counted([convert(frame)], tally)
        sound = tally.samples - tally.lead - timeline.lead - tally.silenced
        pace.reached(tally.read_to, sound * 1000 // probe.sample_rate)
    yield from _counted(convert.rest(), tally)
    tally.lead += timeline.lead
    tally.leaps += timeline.leaps
    tally.end_ms = timeline.end_ms


def _frames(file: MediaFile, container: Any, stream: Any, tally: Tally) -> Iterator[Any]:
    import av

    decode = decoder(stream)
    tags = (
        _Tags(file, tally)
        if stream.codec_context.name in TAGGED and container.format.name == "mp3"
        else None
    )
    for packet in _packets(container, stream, tally):
        is_flush = packet.size == 0
        if tags is not None and tags.hold(packet):
            continue
        tally.packets += not is_flush
        try:
            frames = decode(packet)
        except av.FFmpegError:
            tally.damaged_at_end += not is_flush
            continue
        if frames and not is_flush:
            # Before the first sound, decoders are still synchronising.
            tally.damaged += tally.damaged_at_end if tally.samples else 0
            tally.damaged_at_end = 0
        yield from frames


class _Tags:
    """Detects packets that contain a tag in the middle of a stream without a container."""

    def __init__(self, file: MediaFile, tally: Tally) -> None:
        self._file, self._tally = file, tally
        self._end = self._time = 0

    def hold(self, packet: Any) -> bool:
        """True if the packet belongs to a tag. FFmpeg counts each as a frame of audio: the
        following ones are stamped without that time."""
        if not packet.size or packet.pos is None:
            return False
        if bytes(packet)[:11].startswith(TAGS) and packet.pos >= self._end:
            self._end = max(tag_end(self._file, packet.pos), packet.pos + packet.size)
            self._tally.unread += self._file.size - packet.pos if self._end > self._file.size else 0
        if packet.pos < self._end:
            self._time += packet.duration or 0
            return True
        if packet.pts is not None:
            packet.pts -= self._time
        return False


def _packets(container: Any, stream: Any, tally: Tally) -> Iterator[Any]:
    """Yields all packets of the track; unreadable ones are counted."""
    import av

    end = 0
    try:
        for packet in container.demux(stream):
            end = packet.pos + packet.size if packet.pos is not None else end
            tally.read_to = max(tally.read_to, end)
            yield packet
    except av.FFmpegError:
        tally.unread += max(0, container.size - end)
    # at the end of PyAV's own loop, which knows only the tracks that existed when the file was
    # opened
    except IndexError:
        tally.late_track = True


def _counted(parts: Iterable[Waveform], tally: Tally) -> Iterator[Waveform]:
    for waveform in parts:
        tally.samples += waveform.shape[1]
        yield waveform


def _silence(samples: int, probe: Probe) -> Iterator[Waveform]:
    for start in range(0, samples, probe.sample_rate):
        yield np.zeros((probe.channels, min(probe.sample_rate, samples - start)), dtype=np.float32)
