"""Frames of a file at the pace of speech, or of raw samples as they come."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import numpy as np
import soxr

from earshot.analysis.errors import Misconfigured
from earshot.audio.decoding.decode import decode
from earshot.audio.decoding.frames import Tally
from earshot.audio.decoding.probe import probe
from earshot.compute.sound import SAMPLE_RATE

FRAME_SEC = 0.1
FULL_SCALE = 32_767


async def of_file(path: Path) -> AsyncIterator[bytes]:
    """PCM16 at ``SAMPLE_RATE`` of all channels together; each frame at the time at which its last
    sample has been spoken.

    Raises:
        BadAudio, Forbidden: as ``decode``.
    """
    loop = asyncio.get_running_loop()
    frames = _frames(path)
    began, sent = loop.time(), 0.0
    while frame := await asyncio.to_thread(next, frames, b""):
        sent += len(frame) / 2 / SAMPLE_RATE
        await asyncio.sleep(began + sent - loop.time())
        yield frame


async def of_input(rate: int) -> AsyncIterator[bytes]:
    """Raw PCM16 of the standard input, as it comes.

    Raises:
        Misconfigured: ``input``, it is a terminal.
    """
    if sys.stdin.isatty():
        raise Misconfigured("input", "- takes raw PCM16 samples from a pipe, such as of arecord")
    most, left = 2 * round(FRAME_SEC * rate), b""
    while read := await asyncio.to_thread(os.read, sys.stdin.fileno(), most):
        whole = len(left + read) // 2 * 2
        frame, left = (left + read)[:whole], (left + read)[whole:]
        if frame:
            yield frame


def _frames(path: Path) -> Iterator[bytes]:
    found = probe(path)
    resampler = soxr.ResampleStream(found.sample_rate, SAMPLE_RATE, 1, dtype="float32")
    size, left = round(FRAME_SEC * SAMPLE_RATE), np.zeros(0, np.float32)
    for block in decode(path, found, Tally()):
        left = np.concatenate([left, resampler.resample_chunk(block.mean(axis=0))])
        while len(left) >= size:
            yield _pcm16(left[:size])
            left = left[size:]
    last = resampler.resample_chunk(np.zeros(0, np.float32), last=True)
    left = np.concatenate([left, last])
    for start in range(0, len(left), size):
        yield _pcm16(left[start : start + size])


def _pcm16(samples: "np.typing.NDArray[np.float32]") -> bytes:
    return bytes((np.clip(samples, -1, 1) * FULL_SCALE).astype("<i2").tobytes())
