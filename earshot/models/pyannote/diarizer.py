"""The pyannote.audio runtime of diarization: its pipeline for community-1, over audio that is read
window by window."""

import os
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from earshot.analysis.types import Release, SpeakerCount
from earshot.audio.clip import Clip
from earshot.compute.halving import in_halves
from earshot.models.checkpoints.location import locate
from earshot.models.options import Options
from earshot.models.pyannote.clusters import clusters_in_bounds, spread_over_windows
from earshot.models.pyannote.config import opened
from earshot.models.speakers.diarizer import (
    SAMPLE_RATE,
    Diarized,
    Diarizer,
    Reader,
    Samples,
    Spoken,
    reader,
)

AT_ONCE = {"cpu": 1, "cuda": 32}
"""Windows of ten seconds in one forward pass. Each takes 50 MB in the embedding network; a CPU is
no faster with more."""


class PyannoteDiarizer:
    """One pipeline: config.yaml, and its folders, as the hub lays them out.

    The library's own steps and arithmetic, with two differences: neither the audio nor a table of
    all windows and speakers is held as a whole, and the embedding network processes each window
    once for all its speakers, not once for each.
    """

    def __init__(self, folder: Path, device: str, at_once: int | None = None) -> None:
        os.environ["PYANNOTE_METRICS_ENABLED"] = (
            "false"  # otherwise it reports every file to its makers
        )
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore"
            )  # mostly of torchcodec, which reads files: not used here
            import torch
            from pyannote.audio.utils.reproducibility import fix_reproducibility

            self.pipeline: Any = opened(folder)
            self.pipeline.to(torch.device(device))
            fix_reproducibility(torch.device(device))
        self.at_once = at_once or AT_ONCE[device]
        self.pipeline.get_segmentations = self._segmentations
        self.pipeline.get_embeddings = self._embeddings
        self.pipeline.reconstruct = self._reconstructed
        clusters_in_bounds(self.pipeline.clustering)

    def who_spoke(
        self, read: Reader, duration_ms: int, fewest: int | None = None, most: int | None = None
    ) -> Diarized:
        """
        Args:
            duration_ms: of all the sound there is.
            fewest, most: speakers, where something is known of their number; the same number for
            exactly so many.
        """
        file = {"uri": "recording", "sound": _Sound(read, duration_ms)}
        found = self.pipeline.apply(file, min_speakers=fewest, max_speakers=most)
        turns = _spoken(found.speaker_diarization, duration_ms)
        return Diarized(turns, _spoken(found.exclusive_speaker_diarization, duration_ms))

    def _segmentations(self, file: dict[str, Any], hook: object = None) -> Any:
        """Active voices in each window: shape (windows, frames, voices within it), 0 or 1."""
        from pyannote.core import SlidingWindow, SlidingWindowFeature

        inference = self.pipeline._segmentation
        size, step = round(inference.duration * SAMPLE_RATE), round(inference.step * SAMPLE_RATE)
        starts = _window_starts(len(file["sound"]), size, step)
        answers = in_halves(
            starts, self.at_once, lambda part: inference.infer(_windows(file["sound"], part, size))
        )
        over_time = SlidingWindow(start=0.0, duration=inference.duration, step=inference.step)
        return SlidingWindowFeature(np.stack(list(answers)), over_time)

    def _embeddings(
        self,
        file: dict[str, Any],
        binary_segmentations: Any,
        exclude_overlap: bool = False,
        hook: object = None,
    ) -> Any:
        """Embedding of each voice of each window: shape (windows, voices, size)."""
        import torch

        active, over_time = binary_segmentations.data, binary_segmentations.sliding_window
        size, step = round(over_time.duration * SAMPLE_RATE), round(over_time.step * SAMPLE_RATE)
        fewest = self._fewest_frames(active.shape[1], size) if exclude_overlap else -1

        def embedded(part: Sequence[int]) -> Any:
            masks = torch.from_numpy(np.stack([_masks(active[window], fewest) for window in part]))
            sound = _windows(file["sound"], [window * step for window in part], size)
            return self.pipeline._embedding(sound, masks=masks)

        return np.stack(list(in_halves(range(len(active)), self.at_once, embedded)))

    def _fewest_frames(self, frames: int, size: int) -> int:
        """Frames without overlap that are enough for an embedding, in a window of ``size``
        samples."""
        return int(np.ceil(frames * self.pipeline._embedding.min_num_samples / size))

    def _reconstructed(self, segmentations: Any, hard_clusters: Any, count: Any) -> Any:
        """Voices of the windows put together to those of the recording: shape (frames, voices), 0
        or 1."""
        return self.pipeline.to_diarization(
            spread_over_windows(segmentations, hard_clusters), count
        )


class _Sound:
    """A recording by samples, of which only what is asked for is ever in memory."""

    def __init__(self, read: Reader, duration_ms: int) -> None:
        self._read = read
        self._duration_ms = duration_ms

    def __len__(self) -> int:
        return self._duration_ms * SAMPLE_RATE // 1000

    def part(self, start: int, size: int) -> Samples:
        """``size`` samples from ``start`` on, with silence behind the end."""
        start_ms, end_ms = start * 1000 // SAMPLE_RATE, -(-(start + size) * 1000 // SAMPLE_RATE)
        samples = self._read(start_ms, min(end_ms, self._duration_ms))[
            start - start_ms * SAMPLE_RATE // 1000 :
        ][:size]
        return np.pad(samples, (0, size - len(samples)))


def _window_starts(samples: int, size: int, step: int) -> list[int]:
    """Whole windows, and behind them one that is filled up with silence where something is left."""
    starts = list(range(0, samples - size + 1, step))
    left_over = samples < size or (samples - size) % step > 0
    return [*starts, len(starts) * step] if left_over else starts


def _windows(sound: _Sound, starts: Sequence[int], size: int) -> Any:
    """Shape (windows, 1, samples)."""
    import torch

    return torch.from_numpy(np.stack([sound.part(start, size) for start in starts])[:, None])


def _masks(active: Any, fewest: int) -> Any:
    """Frames used for each voice of a window: where it speaks alone, if that is enough, else
    wherever it speaks.

    Args:
        active: shape (frames, voices).
        fewest: frames that are too few; -1: wherever it speaks, alone or not.
    Returns:
        Shape (voices, frames).
    """
    active = np.nan_to_num(active, nan=0.0).astype(np.float32)
    alone = active * (active.sum(axis=1, keepdims=True) < 2) if fewest >= 0 else active
    return np.where(alone.sum(axis=0)[:, None] > fewest, alone.T, active.T)


def _spoken(annotation: Any, duration_ms: int) -> tuple[Spoken, ...]:
    """Turns without detections in the silence behind the end."""
    found = []
    for segment, _, voice in annotation.itertracks(yield_label=True):
        start, end = round(segment.start * 1000), min(round(segment.end * 1000), duration_ms)
        if end > start:
            found.append(Spoken(str(voice), start, end))
    return tuple(sorted(found, key=lambda item: (item.start_ms, item.end_ms, item.voice)))


def open_pyannote(release: Release, device: str, options: Options) -> Diarizer:
    """The pipeline of pyannote.audio, which finds speech by itself.

    Raises:
        Misconfigured: the checkpoint is missing, altered, or no such pipeline.
    """
    pipeline = PyannoteDiarizer(locate(release, options), device)

    def diarize(clip: Clip, channel: int) -> Diarized:
        asked = clip.ref.speakers or SpeakerCount()
        return pipeline.who_spoke(reader(clip, channel), clip.ref.end_ms, asked.min, asked.max)

    return diarize
