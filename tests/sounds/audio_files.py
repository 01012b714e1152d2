"""Makes sound and media files for the tests: vowels the VAD takes for speech, and any codec in any
container through PyAV."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

Sound = NDArray[np.float32]


def tone(seconds: float, rate: int = 16_000, channels: int = 1, hz: float = 440.0) -> Sound:
    """Sines, one frequency a channel; shape (channels, samples)."""
    times = np.arange(round(seconds * rate)) / rate
    return np.stack(
        [0.5 * np.sin(2 * np.pi * hz * (1 + channel) * times) for channel in range(channels)]
    ).astype(np.float32)


def silence(seconds: float, rate: int = 16_000, channels: int = 1) -> Sound:
    return np.zeros((channels, round(seconds * rate)), dtype=np.float32)


def vowel(seconds: float, rate: int = 16_000, pitch_hz: float = 200.0) -> Sound:
    """An "ee" of wavering pitch: glottal pulses through three resonances, which Silero takes for
    speech; shape (1, samples)."""
    times = np.arange(round(seconds * rate)) / rate
    phase = np.cumsum(pitch_hz * (1 + 0.05 * np.sin(2 * np.pi * 3 * times))) / rate
    spectrum = np.fft.rfft(np.diff(np.floor(phase), prepend=0.0))
    z = np.exp(-2j * np.pi * np.arange(len(spectrum)) / len(times))
    for centre, width in ((300, 60), (2300, 100), (3000, 150)):
        radius = np.exp(-np.pi * width / rate)
        spectrum /= 1 - 2 * radius * np.cos(2 * np.pi * centre / rate) * z + radius**2 * z**2
    wave = np.fft.irfft(spectrum, len(times)) * (0.6 + 0.4 * np.sin(2 * np.pi * 4 * times - 1.5))
    return (0.3 * wave / np.abs(wave).max()).astype(np.float32)[None]


def write(
    path: Path,
    sound: Sound,
    rate: int,
    codec: str,
    sample_format: str = "",
    *,
    bit_rate: int = 128_000,
    options: dict[str, str] | None = None,
) -> Path:
    """Encodes ``sound``; the container follows the suffix. Sample format: FFmpeg's (``s16``,
    ``s32``, ``fltp``)."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream(codec, rate=rate, layout=_layout(len(sound)))
        stream.bit_rate = bit_rate
        stream.codec_context.options = {"strict": "-2"} if codec == "vorbis" else options or {}
        if sample_format:
            stream.codec_context.format = sample_format
        _encode(out, stream, sound, rate)
    return path


def write_video(path: Path, sound: Sound | None, rate: int = 48_000) -> Path:
    """One second of grey pictures, with sound where it is given."""
    with av.open(str(path), "w") as out:
        video = out.add_stream("mpeg4" if path.suffix != ".webm" else "libvpx", rate=10)
        video.width = video.height = 64
        video.pix_fmt = "yuv420p"
        codec = "aac" if path.suffix == ".mp4" else "libopus"
        audio = (
            out.add_stream(codec, rate=rate, layout=_layout(len(sound)))
            if sound is not None
            else None
        )
        for index in range(10):
            frame = av.VideoFrame.from_ndarray(
                np.full((64, 64, 3), 20 * index, dtype=np.uint8), format="rgb24"
            )
            out.mux(video.encode(frame))
        out.mux(video.encode())
        if audio is not None and sound is not None:
            _encode(out, audio, sound, rate)
    return path


def _encode(
    out: av.container.OutputContainer, stream: av.AudioStream, sound: Sound, rate: int
) -> None:
    for start in range(0, sound.shape[1], 8192):
        block = sound[:, start : start + 8192]
        frame = av.AudioFrame.from_ndarray(
            block.T.reshape(1, -1), format="flt", layout=_layout(len(sound))
        )
        frame.sample_rate, frame.pts, frame.time_base = rate, start, Fraction(1, rate)
        out.mux(stream.encode(frame))
    out.mux(stream.encode())


def _layout(channels: int) -> str:
    return {1: "mono", 2: "stereo", 6: "5.1", 8: "7.1"}[channels]
