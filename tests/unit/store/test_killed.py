"""What a process that is killed while it writes leaves in the store."""

import signal
import subprocess
import sys
from pathlib import Path
from uuid import UUID

from earshot.audio.prepare import prepare
from earshot.audio.store.layout import delete_recording
from earshot.audio.store.pcm import read_pcm
from tests.sounds.audio_files import tone, write

KILLED = """
import os, signal, sys
from uuid import UUID
import numpy as np
from earshot.audio.store.pcm_writer import PcmWriter
from earshot.audio.store.layout import pcm_uri
with PcmWriter(pcm_uri(sys.argv[1], UUID(int=1), 16_000), 1) as writer:
    writer.write(np.zeros((1, 5_000_000), "f4"))
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_killed_try_left_is_overwritten_by_the_next(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", tone(1), 16_000, "pcm_s16le")
    store = tmp_path / "store"
    folder = store / "recordings" / str(UUID(int=1))
    for _ in range(2):
        killed = subprocess.run([sys.executable, "-c", KILLED, f"file://{store}"], check=False)
        assert killed.returncode == -signal.SIGKILL
        assert [one.name for one in folder.iterdir()] == [".writing-16000.pcm"]
    ready = prepare(path, UUID(int=1), f"file://{store}")
    assert not [one.name for one in folder.iterdir() if one.name.startswith(".")]
    assert read_pcm(ready.audio[16_000], 16_000, 1, 0, 10_000).shape == (1, 16_000)


def test_a_deleted_recording_takes_what_a_killed_try_left_along(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", KILLED, f"file://{tmp_path}"], check=False)
    assert [one.name for one in tmp_path.rglob("*") if one.is_file()] == [".writing-16000.pcm"]
    delete_recording(f"file://{tmp_path}", UUID(int=1))
    assert [one for one in tmp_path.rglob("*") if one.is_file()] == []
