"""Reads the labelled recordings of ``../shared/data`` and splits them so that no speaker or fold is
on two sides."""

import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from earshot.audio.features.spectra import Array
from evaluation import label_map
from evaluation.manifest import Row, read

RATE = 16_000


@dataclass(frozen=True)
class Example:
    """One labelled recording."""

    path: Path
    source: str  # its set: the first two folders, e.g. ``emotion/ravdess``
    label: str
    group: str  # speaker, fold, or the file itself: never split between two sides


def examples(data: Path, *sources: str) -> list[Example]:
    """The rows of ``labels.jsonl`` in the given sets, in file order; ``label`` is the row's
    emotion, label or ''.

    Raises:
        Misconfigured: ``data`` has no labels.jsonl, or it is not a manifest.
    """
    return [
        _example(data, row, row.value_of("emotion") or row.value_of("label") or "")
        for row in _rows(data, sources)
    ]


def labelled(data: Path, analysis: str, labels: Sequence[str], *sources: str) -> list[Example]:
    """The rows of the given sets that map to one of ``labels`` in the analysis' map in
    ``evaluation/labels``."""
    mapping = label_map.read(analysis)
    truths = ((row, mapping.truth(row).label) for row in _rows(data, sources))
    known = ((row, mapping.among(label, labels)) for row, label in truths if label is not None)
    return [_example(data, row, label) for row, label in known if label is not None]


def _rows(data: Path, sources: Sequence[str]) -> list[Row]:
    return [row for row in read(data / "labels.jsonl") if row.source in sources]


def _example(data: Path, row: Row, label: str) -> Example:
    return Example(data / row.path, row.source, label, row.group)


def without_copies(rows: list[Example]) -> list[Example]:
    """Each ESC-50 clip once: ``noise/babycry`` contains 44 that ``noise/esc10`` has too, some under
    a vaguer label."""
    exact = {row.path.name for row in rows if row.source == "noise/esc10"}
    return [row for row in rows if row.source == "noise/esc10" or row.path.name not in exact]


@cache
def _decoded(path: Path) -> NDArray[np.int16]:
    return _resampled(path, "mono")[0]


def _resampled(path: Path, layout: str | None) -> NDArray[np.int16]:
    import av
    import soxr

    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        resampler = av.AudioResampler(format="fltp", layout=layout, rate=stream.rate)
        frames = [
            out.to_ndarray()
            for frame in container.decode(stream)
            for out in resampler.resample(frame)
        ]
        native = stream.rate
    samples = soxr.resample(np.concatenate(frames, axis=1).T, native, RATE).T
    return np.clip(np.round(samples * 32767), -32768, 32767).astype(np.int16)


def channels(path: Path) -> Array:
    """All channels, float32 at 16 kHz, shape (channels, samples), rounded as in the audio store."""
    return _resampled(path, None).astype(np.float32) / 32768


def waveform(path: Path) -> Array:
    """Mono float32 at 16 kHz, rounded to PCM16 as in the audio store."""
    return _decoded(path).astype(np.float32) / 32768


def folds(groups: Sequence[str], count: int) -> NDArray[np.int64]:
    """Fold of every row: whole groups, largest first to the smallest fold, the same on every
    machine."""
    sizes = Counter(groups)
    filled, where = [0] * count, {}
    for group in sorted(sizes, key=lambda name: (-sizes[name], zlib.crc32(name.encode()))):
        where[group] = filled.index(min(filled))
        filled[where[group]] += sizes[group]
    return np.array([where[group] for group in groups])


def indices(labels: Sequence[str], names: Iterable[str]) -> NDArray[np.int64]:
    """Position of each name in ``labels``."""
    where = {label: i for i, label in enumerate(labels)}
    return np.array([where[name] for name in names])
