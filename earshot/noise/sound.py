"""Audio from callers of the noise classifier: files, bytes, arrays of any rate and number of
channels."""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from earshot.analysis.errors import BadAudio
from earshot.audio.decoding.decode import check_longest, decode
from earshot.audio.decoding.frames import Tally
from earshot.audio.decoding.probe import probe
from earshot.audio.features.level import mixed

Array = NDArray[np.float32]


def waveform(path: Path, longest_ms: int | None = None) -> tuple[Array, int]:
    """Mono float32 of a file in any format that ingest accepts, and its sample rate.

    Raises:
        BadAudio: it cannot be read, or is longer than that; the message gives the reason.
    """
    found = probe(path)
    blocks = list(decode(path, found, Tally(), longest_ms=longest_ms))
    return mixed(np.concatenate(blocks, axis=1)), found.sample_rate


def of_bytes(data: bytes, sample_rate: int, longest_ms: int | None = None) -> tuple[Array, int]:
    """Decodes an audio file, or takes bytes that no decoder recognises as raw little-endian float32
    at ``sample_rate`` (C-50).

    Raises:
        BadAudio: not audio, or longer than ``longest_ms``.
        ValueError: raw samples that are not finite.
    """
    with tempfile.TemporaryDirectory(prefix="earshot-noise-") as folder:
        path = Path(folder) / "sound"
        path.write_bytes(data)
        try:
            return waveform(path, longest_ms)
        except BadAudio as error:
            if error.code != "not_audio" or len(data) % 4:
                raise
    check_longest(len(data) // 4 * 1000 // sample_rate, longest_ms)
    return checked(np.frombuffer(data, "<f4")), sample_rate


def checked(audio: NDArray[Any]) -> Array:
    """Mono float32 of an array of shape (samples,) or (channels, samples).

    Raises:
        ValueError: another shape, or non-finite values.
    """
    if audio.ndim not in (1, 2) or audio.size == 0:
        raise ValueError(f"sound has shape (samples,) or (channels, samples), not {audio.shape}")
    if not np.issubdtype(audio.dtype, np.floating):
        raise ValueError(f"sound is float in -1 to 1, not {audio.dtype}; divide int16 by 32768")
    if not np.isfinite(audio).all():
        raise ValueError("sound holds NaN or infinite samples; export it again")
    return mixed(np.atleast_2d(audio).astype(np.float32))


def resampled(samples: Array, rate: int, wanted: int) -> Array:
    """Resamples audio."""
    import soxr

    if rate == wanted:
        return samples
    return np.asarray(soxr.resample(samples, rate, wanted), np.float32)
