"""Sound of a client, frame by frame, as the recogniser takes it."""

import struct
from dataclasses import dataclass
from typing import Any

import numpy as np

from earshot.compute.sound import SAMPLE_RATE, Samples

FORMATS = {"pcm16": ("<i2", 1), "float32": ("<f4", 3)}
"""Format of samples: its type in numpy, and its tag in a WAV file. All are mono."""
RATES_HZ = (8_000, 96_000)
LOUDEST = 4.0
"""Float samples beyond are integers that were not divided."""
SETTLING = 0.05
"""Seconds that a resampler needs until what it gives does not depend on where it began."""


@dataclass(frozen=True)
class Format:
    """How a client sends its sound."""

    name: str
    rate: int
    """Hz."""

    @property
    def dtype(self) -> "np.dtype[Any]":
        return np.dtype(FORMATS[self.name][0])

    @property
    def width(self) -> int:
        """Bytes of a sample."""
        return self.dtype.itemsize

    def position(self, samples: int) -> int:
        """Samples of the client as samples at ``SAMPLE_RATE``."""
        return samples * SAMPLE_RATE // self.rate

    def why_not(self, frame: bytes) -> str | None:
        """Why a frame cannot be taken; None if it can."""
        if not frame or len(frame) % self.width:
            return f"a frame has whole samples of {self.width} bytes, not {len(frame)} bytes"
        if len(frame) > self.width * self.rate:
            return "a frame has at most one second of sound"
        if self.name == "float32":
            found = np.frombuffer(frame, self.dtype)
            if not (found.min() >= -LOUDEST and found.max() <= LOUDEST):  # also for NaN
                return "float32 samples lie in -1 to 1"
        return None

    def header(self, size: int) -> bytes:
        """Header of a WAV file with so many bytes of samples."""
        tag = FORMATS[self.name][1]
        facts = (16, tag, 1, self.rate, self.rate * self.width, self.width, 8 * self.width)
        most = 2**32 - 1
        return (
            struct.pack("<4sI4s4s", b"RIFF", min(most, size + 36), b"WAVE", b"fmt ")
            + struct.pack("<IHHIIHH", *facts)
            + struct.pack("<4sI", b"data", min(most, size))
        )


class Resampler:
    """Makes samples of frames."""

    def __init__(self, format_: Format) -> None:
        import soxr

        self._format = format_
        self._resampler = (
            None
            if format_.rate == SAMPLE_RATE
            else soxr.ResampleStream(format_.rate, SAMPLE_RATE, 1, dtype="float32")
        )

    def samples(self, frame: bytes, last: bool = False) -> Samples:
        """Samples at ``SAMPLE_RATE``; those of one frame may come with a later one."""
        found = np.frombuffer(frame, self._format.dtype)
        if self._format.name == "pcm16":
            found = found.astype(np.float32) / np.float32(32_768)
        sound: Samples = found.astype(np.float32, copy=False)
        if self._resampler is not None:
            sound = self._resampler.resample_chunk(sound, last=last)
        return sound
