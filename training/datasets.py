"""Reads the labelled recordings of ``../shared/data`` and splits them so that no speaker or fold is on two sides."""

import json
import re
import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from audio.features import Array

RATE = 16_000


@dataclass(frozen=True)
class Example:
    """One labelled recording."""

    path: Path
    source: str  # its set: the first two folders, e.g. ``emotion/ravdess``
    label: str
    group: str  # speaker, fold, or the file itself: what must stay on one side of a split


def examples(data: Path, *sources: str) -> list[Example]:
    """The rows of ``labels.jsonl`` in the given sets, in file order; ``label`` is the row's emotion, label or ''.

    Raises:
        FileNotFoundError: ``data`` has no labels.jsonl.
    """
    found = []
    for line in (data / "labels.jsonl").read_text().splitlines():
        row = json.loads(line)
        source = "/".join(row["path"].split("/")[:2])
        if source in sources:
            group = row.get("speaker") or origin(row["path"])
            found.append(Example(data / row["path"], source, row.get("emotion") or row.get("label") or "", group))
    return found


def origin(path: str) -> str:
    """What a file was cut from: ``esc-<fold>`` for ESC-50 clips, in whichever set they appear (the fold is the name's first
    digit), else the name without the number of its cut, as in ``laugh_1.m4a_14.ogg``."""
    name = path.rsplit("/", 1)[-1]
    if match := re.match(r"([1-5])-\d+-[A-Z]\.", name):
        return f"esc-{match[1]}"
    return re.sub(r"_\d+\.ogg$", "", name) if re.search(r"\.\w+_\d+\.ogg$", name) else path


def without_copies(rows: list[Example]) -> list[Example]:
    """Each ESC-50 clip once: ``noise/babycry`` holds 44 that ``noise/esc10`` has too, some under a vaguer label."""
    exact = {row.path.name for row in rows if row.source == "noise/esc10"}
    return [row for row in rows if row.source == "noise/esc10" or row.path.name not in exact]


@cache
def _decoded(path: Path) -> NDArray[np.int16]:
    import av
    import soxr

    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        resampler = av.AudioResampler(format="flt", layout="mono", rate=stream.rate)
        frames = [out.to_ndarray()[0] for frame in container.decode(stream) for out in resampler.resample(frame)]
        native = stream.rate
    samples = soxr.resample(np.concatenate(frames), native, RATE)
    return np.clip(np.round(samples * 32767), -32768, 32767).astype(np.int16)


def waveform(path: Path) -> Array:
    """Mono float32 at 16 kHz, rounded to PCM16 as the audio store holds it."""
    return _decoded(path).astype(np.float32) / 32768


def folds(groups: Sequence[str], count: int) -> NDArray[np.int64]:
    """Fold of every row: whole groups, dealt largest first to the emptiest fold, the same on every machine."""
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
