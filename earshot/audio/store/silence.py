"""Erases stretches of a recording's stored audio."""

import io
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import IO
from uuid import UUID

import fsspec
import numpy as np

from earshot.analysis.types import Utterance
from earshot.audio.sealing.files import change_stored, is_sealed, replacing
from earshot.audio.store import peaks
from earshot.audio.store.layout import local_path, pcm_uri, recording_url, store_errors
from earshot.audio.store.pcm import SAMPLE_BYTES
from earshot.audio.store.scratch import temporary

BLOCK = 1 << 16
"""Frames that are held at once."""
_PCM = re.compile(r"([0-9]+)\.pcm")


def silence(
    store_url: str, recording_id: UUID, channels: int, stretches: Sequence[Utterance]
) -> None:
    """Overwrites the stretches with zeros in the audio of every sample rate, and draws its peaks
    anew. Repeating it changes nothing.

    Raises:
        BadAudio: ``missing``, the audio is gone.
        Unavailable: the store does not answer, or its disk is full.
    """
    for rate in _rates(store_url, recording_id):
        uri = pcm_uri(store_url, recording_id, rate)
        with store_errors(uri):
            path = local_path(uri)
            if path is not None:
                _erase_at(path, rate, channels, stretches)
                continue
            fs, name = fsspec.core.url_to_fs(uri)
            with temporary() as copy:
                fs.get_file(name, copy.name)
                _erase_at(Path(copy.name), rate, channels, stretches)
                fs.put_file(copy.name, name)
    fine = peaks.of_store(pcm_uri(store_url, recording_id, peaks.RATE), channels)
    peaks.put(store_url, recording_id, fine, new_folder=False)


def _rates(store_url: str, recording_id: UUID) -> list[int]:
    url = recording_url(store_url, recording_id)
    with store_errors(url):
        fs, path = fsspec.core.url_to_fs(url)
        fs.invalidate_cache()
        names = [name.rpartition("/")[2] for name in fs.ls(path, detail=False)]
    return [int(found[1]) for name in names if (found := _PCM.fullmatch(name))]


def _erase_at(path: Path, rate: int, channels: int, stretches: Sequence[Utterance]) -> None:
    """In place where the file is not sealed: a copy would leave the old blocks on the disk. A
    sealed one is copied, for a block that is half written could not be opened, and the old blocks
    lose their key."""
    opened = replacing(path, destroy=True) if is_sealed(path) else change_stored(path)
    with opened as file:
        _erase(file, rate, channels, stretches)
        file.flush()
        os.fsync(file.fileno())


def _erase(file: IO[bytes], rate: int, channels: int, stretches: Sequence[Utterance]) -> None:
    width = channels * SAMPLE_BYTES
    frames_in_all = file.seek(0, io.SEEK_END) // width
    for each in stretches:
        # outwards, so that no sample of the stretch stays
        start = each.start_ms * rate // 1000
        end = min(-(-each.end_ms * rate // 1000), frames_in_all)
        for first in range(start, end, BLOCK):
            file.seek(first * width)
            data = file.read(min(BLOCK, end - first) * width)
            frames = np.frombuffer(data, "<i2").reshape(-1, channels).copy()
            frames[:, each.channel] = 0
            file.seek(first * width)
            file.write(frames.tobytes())
