"""A long recording takes no more memory than a short one."""

import subprocess
import sys
from pathlib import Path

import numpy as np

from tests.unit.audio_files import write

PEAK_MB = """
import resource, sys
from pathlib import Path
from uuid import uuid4
from audio.prepare import prepare
ready = prepare(Path(sys.argv[1]), uuid4(), f"file://{Path(sys.argv[1]).parent}/store", rates={32_000})
print(ready.duration_ms, ready.dual_mono, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def peak_mb(path: Path) -> int:
    done = subprocess.run([sys.executable, "-c", PEAK_MB, str(path)], check=True, capture_output=True, text=True)
    _, dual_mono, peak = done.stdout.split()
    assert dual_mono == "True"
    return int(peak)


def test_memory_does_not_grow_with_length(tmp_path: Path) -> None:
    """Four minutes of two channels at 48 kHz are 92 MB as float32; the growth allowed is a ninth of that."""
    part = np.random.default_rng(0).normal(0, 0.1, (1, 48_000 * 30)).astype(np.float32)
    stereo = np.concatenate([part, part])
    short = write(tmp_path / "short.wav", stereo, 48_000, "pcm_s16le")
    long = write(tmp_path / "long.wav", np.tile(stereo, 8), 48_000, "pcm_s16le")
    assert peak_mb(long) < peak_mb(short) + 10
