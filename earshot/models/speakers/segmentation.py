"""The segmentation checkpoint: where no, one or several voices speak."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from earshot.analysis.types import Utterance
from earshot.audio.features.level import gain_to
from earshot.audio.features.spectra import log_mel
from earshot.compute import onnx_runtime
from earshot.models.checkpoints.location import beside
from earshot.models.metadata import SegmentationMetadata, read
from earshot.models.onnx_model import OnnxModel
from earshot.models.speakers.diarizer import SAMPLE_RATE, Reader

Array = NDArray[np.float32]

FILE = "segmentation.onnx"
WINDOW_MS, HOP_MS = 10_000, 5_000
"""Each window is as long as those of its training; two of them answer for each frame."""
SHORTEST_MS = 200
"""Shorter stretches of several voices are none: below the length of a word."""
NOBODY, SEVERAL = 0, 2
"""The network's outputs for no voice, and for two and more; between them is that for one."""


@dataclass(frozen=True)
class Overlaps:
    """Frames in which several voices speak, from the recording's start."""

    frames: NDArray[np.bool_]
    frame_ms: int

    def share(self, start_ms: int, end_ms: int) -> float:
        """Share of a span of time, which is not empty, in which several voices speak."""
        first = start_ms // self.frame_ms
        return float(self.frames[first : max(first + 1, end_ms // self.frame_ms)].mean())

    def stretches(self) -> list[tuple[int, int]]:
        """Start and end in ms of each stretch of at least ``SHORTEST_MS``."""
        frames = np.diff(self.frames, prepend=False, append=False)
        spans = list(pairwise((np.flatnonzero(frames) * self.frame_ms).tolist()))[::2]
        return [(start, end) for start, end in spans if end - start >= SHORTEST_MS]


@dataclass(frozen=True)
class Segments:
    """How many voices speak in each frame of a channel."""

    voices: Array
    """Probabilities of none, one, and two and more: shape (frames, 3)."""
    frame_ms: int

    def overlaps(self, likely: float) -> Overlaps:
        """Frames with more than this probability of several voices."""
        return Overlaps(self.voices[:, SEVERAL] > likely, self.frame_ms)


@dataclass(frozen=True)
class Segmentation:
    """The network with its metadata."""

    onnx: OnnxModel
    about: SegmentationMetadata

    def segments(self, read: Reader, vad: Sequence[Utterance], end_ms: int) -> Segments:
        """Audio is read window by window, and only windows with speech.

        Args:
            vad: the VAD's speech, in order, not empty.
            end_ms: of the recording.
        """
        frame_ms = self.about.frame_ms
        speaking = np.zeros(-(-end_ms // frame_ms), np.bool_)
        for item in vad:
            speaking[item.start_ms // frame_ms : -(-item.end_ms // frame_ms)] = True
        total = np.zeros((len(speaking), 3), np.float32)
        weight = np.zeros((len(speaking), 1), np.float32)
        last = max(0, end_ms - WINDOW_MS)
        for start_ms in [*range(0, last, HOP_MS), last - last % frame_ms]:
            first = start_ms // frame_ms
            within = slice(first, first + WINDOW_MS // frame_ms)
            if not speaking[within].any():
                continue
            samples = read(start_ms, min(start_ms + WINDOW_MS, end_ms))
            found = self._window(samples, speaking[within])[: len(total[within])]
            # The middle of a window, which has context on both sides, counts more than its ends.
            ramp = np.minimum(np.arange(len(found)), np.arange(len(found))[::-1]) + np.float32(1)
            total[within] += ramp[:, None] * found
            weight[within] += ramp[:, None]
        nobody = np.eye(3, dtype=np.float32)[NOBODY]
        return Segments(np.where(weight > 0, total / np.maximum(weight, 1), nobody), frame_ms)

    def _window(self, samples: Array, speaking: NDArray[np.bool_]) -> Array:
        size = WINDOW_MS * SAMPLE_RATE // 1000
        heard = np.pad(samples[:size], (0, max(0, size - len(samples))))
        spoken = np.repeat(speaking, SAMPLE_RATE * self.about.frame_ms // 1000)[: len(samples)]
        rms = float(np.sqrt(np.mean(np.square(samples[: len(spoken)][spoken]), dtype=np.float64)))
        spectrum = log_mel(
            heard * np.float32(gain_to(self.about.level, rms)), SAMPLE_RATE, self.about.mel
        )
        frames = 2 * (WINDOW_MS // self.about.frame_ms)  # of the input: the network joins two each
        (found,) = self.onnx.run(spectrum[None, :frames]).values()
        answer: Array = found[0]
        return answer


def open_segmentation() -> Segmentation:
    """Open the project's segmentation checkpoint.

    Raises:
        Misconfigured: it is missing or altered, or its metadata is wrong.
    """
    session = onnx_runtime.session(beside(FILE))
    return as_segmentation(session)


def as_segmentation(session: object) -> Segmentation:
    """A session of such a checkpoint, with its metadata."""
    onnx = OnnxModel(session, FILE, (), session.get_modelmeta().custom_metadata_map)  # type: ignore
    return Segmentation(onnx, read(SegmentationMetadata, onnx.properties, FILE))
