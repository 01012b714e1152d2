"""Scene: what kind of sound fills a chunk, and when (000-05)."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from analysis.findings import LabelledInterval, SceneFindings
from analysis.outcome import Skipped
from analysis.types import Release
from audio.clip import Clip
from audio.windows import SILENT
from models.scoring import classify
from workers.contract import Card
from workers.windowed import WindowedModel, open_windowed

CARD = Card(name="scene", pool="cpu", findings=SceneFindings)

CELL_MS = 480
"""The time line is decided in cells of half a window; each cell hears every window over it."""

Array = NDArray[np.float32]


def load(release: Release, device: str) -> WindowedModel:
    """The small CNN distilled from YAMNet; runs on the CPU whatever the device."""
    return open_windowed(release)


def analyze(model: WindowedModel, clips: Sequence[Clip]) -> list[SceneFindings | Skipped]:
    """Shares of the five labels over each chunk, and its intervals. Channels are mixed."""
    return [_scene(model, clip) for clip in clips]


def _scene(model: WindowedModel, clip: Clip) -> SceneFindings:
    waveform = clip.mono()
    cells = _cells(model, waveform, clip.sample_rate)
    overall = classify(model.labels, cells.mean(axis=0))
    return SceneFindings(
        label=overall.label,
        confidence=overall.confidence,
        scores=overall.scores,
        intervals=_intervals(model.labels, cells, clip.ref.start_ms, clip.ref.end_ms),
    )


def _cells(model: WindowedModel, waveform: Array, sample_rate: int) -> Array:
    """Shares of every cell of the chunk, shape (cells, labels): the mean over its windows, or silence by energy (C-05)."""
    shares = model.shares(waveform, sample_rate)
    size = CELL_MS * sample_rate // 1000
    count = max(-(-len(waveform) // size), 1)
    cells = np.empty((count, len(model.labels)), np.float32)
    silence = np.eye(len(model.labels), dtype=np.float32)[model.labels.index("silence")]
    for i in range(count):
        heard = waveform[i * size : (i + 1) * size]
        # Window i covers cells i and i + 1; the last window may begin earlier, so as to end with the chunk.
        over = shares[max(min(i, len(shares)) - 1, 0) : i + 1]
        cells[i] = silence if len(heard) == 0 or _rms(heard) < SILENT else over.mean(axis=0)
    return cells


def _intervals(labels: tuple[str, ...], cells: Array, start_ms: int, end_ms: int) -> tuple[LabelledInterval, ...]:
    """Neighbouring cells of one label become one interval; its confidence is the label's mean share there."""
    winner = cells.argmax(axis=1)
    edges = [0, *(np.flatnonzero(np.diff(winner)) + 1).tolist(), len(winner)]
    return tuple(
        LabelledInterval(
            start_ms=start_ms + first * CELL_MS,
            end_ms=end_ms if last == len(winner) else start_ms + last * CELL_MS,
            label=labels[winner[first]],
            confidence=round(float(cells[first:last, winner[first]].mean()), 4),
        )
        for first, last in pairwise(edges)
    )


def _rms(waveform: Array) -> float:
    return float(np.sqrt(np.mean(np.square(waveform), dtype=np.float64)))
