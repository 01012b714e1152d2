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


DIARIZATION_PEAK_MB = """
import resource, sys
from uuid import UUID
from analysis.types import WHOLE, ChunkRef, Utterance
from audio.clip import Clip
from models.catalog import default_releases
from workers import diarization
uri, seconds, channels = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
span = {"start_ms": 0, "end_ms": 1000 * seconds}
ref = ChunkRef(
    recording_id=UUID(int=1), index=WHOLE, **span, audio_uri=uri, sample_rate=16_000, channels=channels, native_rate=16_000,
    speech=(Utterance(channel=channels - 1, **span),),
)
(found,) = diarization.analyze(diarization.load(default_releases()["diarization"], "cpu"), [Clip(ref)])
assert found.method == "clustering" and found.turns[-1].end_ms == 1000 * seconds
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def diarization_peak_mb(path: Path, seconds: int, channels: int) -> int:
    sound = np.random.default_rng(0).normal(0, 3_000, (60 * 16_000, channels)).astype("<i2").tobytes()
    with path.open("wb") as file:
        for _ in range(seconds // 60):
            file.write(sound)
    command = [sys.executable, "-c", DIARIZATION_PEAK_MB, f"file://{path}", str(seconds), str(channels)]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def test_speech_without_a_pause_is_diarized_in_bounded_memory(tmp_path: Path) -> None:
    """Fifteen minutes of eight channels are 461 MB as float32 and 29 MB as spectrograms; sixty seconds of it are read at once."""
    short = diarization_peak_mb(tmp_path / "short.pcm", 60, 1)
    assert diarization_peak_mb(tmp_path / "long.pcm", 900, 1) < short + 15
    assert diarization_peak_mb(tmp_path / "wide.pcm", 900, 8) < short + 45


def test_memory_does_not_grow_with_length(tmp_path: Path) -> None:
    """Four minutes of two channels at 48 kHz are 92 MB as float32; the growth allowed is a ninth of that."""
    part = np.random.default_rng(0).normal(0, 0.1, (1, 48_000 * 30)).astype(np.float32)
    stereo = np.concatenate([part, part])
    short = write(tmp_path / "short.wav", stereo, 48_000, "pcm_s16le")
    long = write(tmp_path / "long.wav", np.tile(stereo, 8), 48_000, "pcm_s16le")
    assert peak_mb(long) < peak_mb(short) + 10
