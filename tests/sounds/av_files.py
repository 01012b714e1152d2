"""Makes files with tracks that begin late, leap, stand side by side or follow each other, through
PyAV."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from tests.sounds.audio_files import Sound

PICTURES = {".webm": "libvpx", ".flv": "flv", ".mpg": "mpeg2video"}


@dataclass(frozen=True)
class Track:
    """Mono or stereo sound; ``pieces`` are laid at their seconds on the file's line."""

    pieces: Sequence[tuple[float, Sound]]
    codec: str = "libopus"
    rate: int = 48_000
    metadata: dict[str, str] = field(default_factory=dict)
    options: dict[str, str] = field(default_factory=dict)


def write_tracks(
    path: Path,
    tracks: Sequence[Track],
    *,
    picture_sec: float = 0,
    first_sec: float = 0,
    noisy: bool = False,
    muxer: str | None = None,
    options: dict[str, str] | None = None,
) -> Path:
    """The tracks, interleaved by FFmpeg, beside ``picture_sec`` of grey pictures, the first of
    which is at ``first_sec``, or of noise, which takes some 100 KB a second."""
    with av.open(str(path), "w", format=muxer, options=options or {}) as out:
        video = out.add_stream(PICTURES.get(path.suffix, "mpeg4"), rate=10) if picture_sec else None
        streams = [_stream(out, track) for track in tracks]
        packets = [
            packet
            for stream, track in zip(streams, tracks, strict=True)
            for packet in _sound(stream, track)
        ]
        if video is not None:
            video.width = video.height = 192 if noisy else 64
            video.pix_fmt, video.gop_size = "yuv420p", 1
            packets += _pictures(video, picture_sec, first_sec, noisy)
        for packet in sorted(packets, key=lambda packet: packet.dts * packet.time_base):
            out.mux(packet)
    return path


def _stream(out: av.container.OutputContainer, track: Track) -> av.AudioStream:
    stream = out.add_stream(
        track.codec, rate=track.rate, layout="stereo" if len(track.pieces[0][1]) == 2 else "mono"
    )
    stream.metadata.update(track.metadata)
    stream.codec_context.options = track.options
    return stream


def _sound(stream: av.AudioStream, track: Track) -> list[av.Packet]:
    packets = []
    for start_sec, sound in track.pieces:
        size = stream.codec_context.frame_size or track.rate // 50
        whole = sound[:, : sound.shape[1] // size * size]
        for start in range(0, whole.shape[1], size):
            block = np.ascontiguousarray(whole[:, start : start + size].T).reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(block, format="flt", layout=stream.layout.name)
            frame.sample_rate, frame.time_base = track.rate, Fraction(1, track.rate)
            frame.pts = round(start_sec * track.rate) + start
            packets += stream.encode(frame)
    return [*packets, *stream.encode(None)]


def _pictures(
    video: av.VideoStream, seconds: float, first_sec: float, noisy: bool
) -> list[av.Packet]:
    packets, shape = [], (video.height, video.width, 3)
    noise = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    for index in range(round(seconds * 10)):
        picture = np.roll(noise, index) if noisy else np.full(shape, index % 200, np.uint8)
        frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
        frame.pts, frame.time_base = index + round(first_sec * 10), Fraction(1, 10)
        packets += video.encode(frame)
    return [*packets, *video.encode(None)]
