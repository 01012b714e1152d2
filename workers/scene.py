"""Scene: what kind of sound fills a chunk, and when (000-05)."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from analysis.errors import Misconfigured
from analysis.findings import LabelledInterval, SceneFindings
from analysis.outcome import Skipped
from analysis.types import Interval, Release
from audio.clip import Clip
from audio.level import SILENT, loudness, mixed
from audio.windows import WindowSpec
from models.scoring import classify
from workers.contract import Card
from workers.windowed import WindowedModel, open_windowed

CARD = Card(name="scene", pool="cpu", findings=SceneFindings)

Array = NDArray[np.float32]


def load(release: Release, device: str) -> WindowedModel:
    """The small CNN distilled from YAMNet; runs on the CPU whatever the device.

    Raises:
        Misconfigured: as ``open_windowed``, or ``cell_ms`` does not fit its windows.
    """
    model = open_windowed(release)
    cell_ms(model.spec)
    return model


def analyze(model: WindowedModel, clips: Sequence[Clip]) -> list[SceneFindings | Skipped]:
    """Shares of the five labels over each chunk, and its intervals. Channels are mixed; of silence the loudest decides."""
    return [_scene(model, clip) for clip in clips]


def cell_ms(spec: WindowSpec) -> int:
    """The time line is decided in cells of one hop, which is half a window; each cell hears every window over it.

    Raises:
        Misconfigured: the windows do not overlap by half, or a cell would not be whole milliseconds.
    """
    samples = spec.hop * spec.mel.hop
    if spec.length != 2 * spec.hop or samples * 1000 % spec.mel.sample_rate:
        raise Misconfigured(
            "checkpoint",
            f"scene needs windows that overlap by half and hop by whole milliseconds, not {spec.length} frames each {spec.hop} "
            f"frames of {spec.mel.hop} samples; train the checkpoint again with training.scene",
        )
    return samples * 1000 // spec.mel.sample_rate


def _scene(model: WindowedModel, clip: Clip) -> SceneFindings:
    waveform = clip.read()
    size = model.spec.hop * model.spec.mel.hop
    cells = cells_of(model.shares(mixed(waveform), clip.sample_rate), model.labels.index("silence"), waveform, size)
    overall = classify(model.labels, cells.mean(axis=0))
    return SceneFindings(
        label=overall.label,
        confidence=overall.confidence,
        scores=overall.scores,
        intervals=intervals_of(model.labels, cells, cell_ms(model.spec), clip.ref),
    )


def cells_of(shares: Array, silence: int, waveform: Array, size: int) -> Array:
    """Shares of every cell of the chunk, shape (cells, labels): the mean over its windows, or silence by energy (C-05).

    Args:
        shares: of every window, shape (windows, labels).
        silence: position of that label.
        waveform: all of the chunk, shape (channels, samples).
        size: samples in a cell.
    """
    count = max(-(-waveform.shape[1] // size), 1)
    cells = np.zeros((count, shares.shape[1]), np.float32)
    for i in range(count):
        # Window i covers cells i and i + 1; the last window may begin earlier, so as to end with the chunk.
        over = shares[max(min(i, len(shares)) - 1, 0) : i + 1]
        if loudness(waveform[:, i * size : (i + 1) * size]) < SILENT:
            cells[i, silence] = 1.0
        else:
            cells[i] = over.mean(axis=0)
    return cells


def intervals_of(labels: tuple[str, ...], cells: Array, length_ms: int, chunk: Interval) -> tuple[LabelledInterval, ...]:
    """Neighbouring cells of one label become one interval; its confidence is the label's mean share there.

    Args:
        length_ms: of one cell; the last one ends with the chunk.
    """
    winner = cells.argmax(axis=1)
    edges = [0, *(np.flatnonzero(np.diff(winner)) + 1).tolist(), len(winner)]
    return tuple(
        LabelledInterval(
            start_ms=chunk.start_ms + first * length_ms,
            end_ms=chunk.end_ms if last == len(winner) else chunk.start_ms + last * length_ms,
            label=labels[winner[first]],
            confidence=round(float(cells[first:last, winner[first]].mean()), 4),
        )
        for first, last in pairwise(edges)
    )
