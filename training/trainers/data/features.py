"""Features of recordings, computed once for each content and setting, and kept on disk."""

import hashlib
import io
import json
import threading
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from earshot.analysis.errors import BadAudio, Misconfigured
from earshot.noise.sound import resampled, waveform
from training.trainers.data.listing import some
from training.trainers.data.recordings import Recording, mapped
from training.trainers.watch import Watch
from training.trainers.whole_files import PART, disk_full

Floats = NDArray[np.float32]
Arrays = dict[str, NDArray[Any]]

GIVE_UP = 20
"""Files without usable features after which the others are not tried."""


@dataclass(frozen=True)
class Extractor:
    """What is computed of a recording."""

    settings: Mapping[str, Any]
    """Everything that the result depends on besides the content."""
    compute: Callable[[Floats, np.random.Generator], Arrays]
    """Arrays of mono samples; the random numbers are the recording's own, by its content."""
    sample_rate: int  # Hz
    longest: float  # seconds

    def of(self, recording: Recording) -> Arrays:
        """Raises:
        BadAudio: it cannot be decoded, or its features are not finite.
        """
        samples, rate = waveform(recording.path, int(self.longest * 1000))
        random = np.random.default_rng(int(recording.digest[:12], 16))
        found = self.compute(resampled(samples, rate, self.sample_rate), random)
        if not all(np.isfinite(each).all() for each in found.values()):
            raise BadAudio("not_finite", "its features are not finite")
        return found


def features(
    recordings: Sequence[Recording], extractor: Extractor, cache: Path, workers: int, watch: Watch
) -> list[Arrays]:
    """The features of every recording, in order; those in the cache are read.

    Raises:
        Misconfigured: ``data``, files that cannot be decoded or have no finite features; names
            them.
        Unavailable: ``disk_full``.
    """
    cache.mkdir(parents=True, exist_ok=True)
    described = json.dumps(extractor.settings, sort_keys=True)

    def one(recording: Recording) -> Arrays | BadAudio:
        key = hashlib.sha256(f"{recording.digest} {described}".encode()).hexdigest()
        path = cache / f"{key[:40]}.npz"
        kept = _read(path)
        if kept is not None:
            return kept
        try:
            made = extractor.of(recording)
        except BadAudio as error:
            return error
        _write(path, made)
        return made

    found: list[Arrays] = []
    problems: list[str] = []
    with watch.stage("computing features", len(recordings)):
        for i, (each, result) in enumerate(
            zip(recordings, mapped(one, recordings, workers), strict=True), 1
        ):
            if isinstance(result, BadAudio):
                problems.append(f"{each.name} ({result})")
                if len(problems) >= GIVE_UP:
                    break
            else:
                found.append(result)
            watch.check()
            watch.step(i)
    if problems:
        raise Misconfigured("data", f"files that cannot be used: {some(problems)}")
    return found


def _read(path: Path) -> Arrays | None:
    """None where nothing is kept, or the file is torn: a cache is not waited for by the disk."""
    try:
        with np.load(path) as file:
            return dict(file)
    except (OSError, ValueError, EOFError, zipfile.BadZipFile):
        return None


def _write(path: Path, arrays: Arrays) -> None:
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    # Of this thread alone: the same content may be there twice.
    part = path.with_name(f"{path.name}.{threading.get_ident()}{PART}")
    with disk_full(path):
        try:
            part.write_bytes(buffer.getbuffer())
        except OSError:
            part.unlink(missing_ok=True)
            raise
    part.replace(path)
