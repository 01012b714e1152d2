"""Builds chunk references and stored audio for tests."""

from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from earshot.analysis.types import ChunkRef, Utterance

RATE = 16_000
NOWHERE = "file:///nowhere"
RECORDING = UUID(int=1)


def chunk(end_ms: int, *speech: tuple[int, int, int], **fields: Any) -> ChunkRef:
    """A chunk of one recording, from its beginning and of one channel unless ``fields`` say
    otherwise.

    Args:
        speech: channel, start and end of each utterance, ms.
        fields: of ``ChunkRef``; ``audio_uri`` may be a path.
    """
    given = {
        "recording_id": RECORDING,
        "index": 0,
        "start_ms": 0,
        "audio_uri": NOWHERE,
        "sample_rate": RATE,
        "channels": 1,
        "native_rate": RATE,
        "speech": tuple(
            Utterance(channel=channel, start_ms=start, end_ms=end) for channel, start, end in speech
        ),
        **fields,
    }
    if isinstance(given["audio_uri"], Path):
        given["audio_uri"] = f"file://{given['audio_uri']}"
    return ChunkRef(end_ms=end_ms, **given)


def stored(path: Path, sound: NDArray[np.floating[Any]]) -> Path:
    """Writes samples in [-1, 1], shape (samples,) or (channels, samples), as the store keeps them:
    interleaved PCM16."""
    pcm = np.clip(np.round(np.atleast_2d(sound).T * 32768), -32768, 32767).astype("<i2")
    path.write_bytes(np.ascontiguousarray(pcm).tobytes())
    return path


def length_ms(sound: NDArray[np.floating[Any]], rate: int = RATE) -> int:
    """Length of the last axis, rounded up as durations of recordings are."""
    return -(-sound.shape[-1] * 1000 // rate)
