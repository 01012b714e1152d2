"""Long recordings, and long speech in them, take no more memory than short ones."""

import subprocess
import sys
from pathlib import Path

import numpy as np

from tests.sounds.audio_files import write
from tests.sounds.voices import voice

PEAK_KB = r"""
import re
from pathlib import Path
print(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1])
"""
"""Of the process itself; what ``getrusage`` calls its peak begins with that of the process that
started it."""

PREPARE = """
import sys
from pathlib import Path
from uuid import uuid4
from earshot.audio.prepare import prepare
path = Path(sys.argv[1])
ready = prepare(path, uuid4(), f"file://{path.parent}/store", rates={32_000})
assert ready.dual_mono
"""

HEAR_AGAIN = """
import sys
from pathlib import Path
from uuid import uuid4
from earshot.audio.prepare import prepare
(note,) = prepare(Path(sys.argv[1]), uuid4(), f"file://{Path(sys.argv[1]).parent}/store").notes
assert "taken for pauses" in note
"""

DIARIZE = """
import sys
from earshot.analysis.types import WHOLE
from earshot.audio.clip import Clip
from earshot.models.checkpoints.defaults import default_releases
from tests.chunks import chunk
from workers import diarization
uri, seconds, channels = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
speech = (channels - 1, 0, 1000 * seconds)
ref = chunk(1000 * seconds, speech, index=WHOLE, audio_uri=uri, channels=channels)
model = diarization.load(default_releases()["diarization"], "cpu")
(found,) = diarization.analyze(model, [Clip(ref)])
assert found.method == "clustering" and found.turns[-1].end_ms == 1000 * seconds
"""


def peak_mb(code: str, *arguments: str) -> int:
    done = subprocess.run(
        [sys.executable, "-c", code + PEAK_KB, *arguments],
        check=True,
        capture_output=True,
        text=True,
    )
    return int(done.stdout) // 1024


def diarization_peak_mb(path: Path, seconds: int, channels: int) -> int:
    sound = (
        np.random.default_rng(0)
        .integers(-9_000, 9_000, (60 * 16_000, channels), dtype=np.int16)
        .tobytes()
    )
    with path.open("wb") as file:
        for _ in range(seconds // 60):
            file.write(sound)
    return peak_mb(DIARIZE, f"file://{path}", str(seconds), str(channels))


def test_memory_does_not_grow_with_length(tmp_path: Path) -> None:
    """Seven minutes more of two channels at 48 kHz are 161 MB as float32; the growth allowed is a
    sixteenth of that. A minute fills every buffer that has a bound."""
    part = np.random.default_rng(0).normal(0, 0.1, (1, 48_000 * 30)).astype(np.float32)
    stereo = np.concatenate([part, part])
    short = write(tmp_path / "short.wav", np.tile(stereo, 2), 48_000, "pcm_s16le")
    long = write(tmp_path / "long.wav", np.tile(stereo, 16), 48_000, "pcm_s16le")
    assert peak_mb(PREPARE, str(long)) < peak_mb(PREPARE, str(short)) + 10


def test_sound_that_is_heard_again_takes_no_memory_for_its_length(tmp_path: Path) -> None:
    """Noise in beats after a voice, as music on hold: three minutes more of it are 12 MB as
    float32."""
    rng = np.random.default_rng(0)
    beat = rng.normal(0, 0.003, 16_000) * (np.arange(16_000) < 11_000) + rng.normal(0, 1e-4, 16_000)
    files = [
        write(
            tmp_path / f"{beats}.wav",
            np.concatenate([voice(6), np.tile(beat, beats)], dtype=np.float32)[None],
            16_000,
            "pcm_s16le",
        )
        for beats in (60, 240)
    ]
    short, long = (peak_mb(HEAR_AGAIN, str(file)) for file in files)
    assert long < short + 10


def test_speech_without_a_pause_is_diarized_in_bounded_memory(tmp_path: Path) -> None:
    """Fifteen minutes are 58 MB a channel as float32 and 28 MB as spectrograms; one minute of eight
    is 15 MB stored."""
    short = diarization_peak_mb(tmp_path / "short.pcm", 60, 1)
    assert diarization_peak_mb(tmp_path / "long.pcm", 900, 1) < short + 20
    assert diarization_peak_mb(tmp_path / "wide.pcm", 900, 8) < short + 60
