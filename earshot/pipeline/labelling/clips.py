"""Sound of examples, cut out of the stored recordings into files."""

import hashlib
import socket
import wave
from pathlib import Path
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from earshot.analysis.corrections.taught import Example
from earshot.analysis.errors import BadAudio, Permanent
from earshot.audio.store.pcm import FULL_SCALE, SAMPLE_BYTES, read_pcm
from earshot.storage.labels import data
from earshot.storage.postgres import recordings
from earshot.storage.postgres.db import Connection
from earshot.storage.postgres.recordings import Recording

CLIPS = "clips"


def clip_name(recording: Recording, example: Example) -> str:
    """Path below the folder. It has a part of the recording's id, by which deletion knows the file,
    and not all of it: gate and trainings store paths, which stay when the recording is deleted."""
    channel = "all" if example.channel is None else example.channel
    place = f"{channel}-{example.start_ms}-{example.end_ms}"
    part, digest = str(recording.id)[:8], hashlib.sha256(recording.id.bytes).hexdigest()[:16]
    return f"{CLIPS}/{part}-{digest}/{place}-{part}.wav"


def cut(connection: Connection, recording_id: UUID, example: Example, rate: int, path: Path) -> str:
    """Writes the sound of an example as WAV, one channel of 16 bits, and returns its sha256.

    The path is stored first, so that the file is deleted with its recording; while it is written,
    the recording stays. Or its deletion would look for the file before it is there.

    Raises:
        BadAudio: ``missing``, the sound is gone or ends before the example.
        Permanent: ``unwritable``.
        Unavailable: the store or Postgres does not answer.
    """
    place = (recording_id, socket.gethostname(), str(path))
    recordings.note_export(connection, *place)
    with connection.transaction():
        recording = data.stay(connection, recording_id)
        if recording is None or recording.is_withheld:
            raise BadAudio("missing", "the recording is gone, or is being redacted")
        recordings.note_export(connection, *place)  # what expired meanwhile took it along
        return _write(path, _samples(recording, example, rate), rate)


def _samples(recording: Recording, example: Example, rate: int) -> NDArray[np.int16]:
    """Mono samples."""
    uri = recording.audio.get(rate)
    if uri is None or recording.channels is None:
        raise BadAudio("missing", "the sound is not stored any more")
    span = (example.start_ms, example.end_ms)
    samples = read_pcm(uri, rate, recording.channels, *span, example.channel)
    if not samples.shape[1]:
        raise BadAudio("missing", "the stored sound ends before it")
    mono = np.clip(np.rint(samples.mean(axis=0) * FULL_SCALE), -FULL_SCALE, FULL_SCALE - 1)
    written: NDArray[np.int16] = mono.astype("<i2")
    return written


def _write(path: Path, samples: NDArray[np.int16], rate: int) -> str:
    """Writes samples and returns the file's sha256."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(SAMPLE_BYTES)
            file.setframerate(rate)
            file.writeframes(samples.tobytes())
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise Permanent("unwritable", f"{path} cannot be written: {error.strerror}") from error


def is_clip(path: Path) -> bool:
    """Whether a path is one that ``clip_name`` gives. Where there is no file under it, it was
    deleted with its recording."""
    folder = path.parent
    return folder.parent.name == CLIPS and path.stem.endswith(f"-{folder.name[:8]}")


def sweep(folder: Path, kept: set[str]) -> None:
    """Removes clips below the folder that are not among the kept ones (paths as ``clip_name``)."""
    for path in sorted((folder / CLIPS).glob("*/*.wav")):
        if is_clip(path) and path.relative_to(folder).as_posix() not in kept:
            path.unlink(missing_ok=True)
    for each in sorted((folder / CLIPS).glob("*")):
        if each.is_dir() and not any(each.iterdir()):
            each.rmdir()
